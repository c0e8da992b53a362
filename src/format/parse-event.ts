import { TandemError } from '../base/errors.ts';
import type { EventFormat } from './event-format.ts';
import type { Field } from './field.ts';
import type { FormatOptions } from './format-options.ts';
import { Lexer, type LexerMark } from './lexer.ts';
import { leadingNumber } from './number-text.ts';
import { parseFields } from './parse-fields.ts';
import type { PrintFormat } from './print-fmt/parse/ast.ts';
import { parsePrintFormat } from './print-fmt/parse/parse.ts';

/** Name and id are within so many bytes; where they are not, all are looked at. */
const HEAD_BYTES = 128;

/** One character per byte, and ASCII unchanged: all that the grammar asks for. */
const decoder = new TextDecoder('latin1');

/**
 * Reads one `format` file. Only its name and id are looked at here: fields and print format are parsed when they
 * are first asked for. Throws CORRUPT when there is no name and id; what else is wrong leaves fields out and the
 * print format undefined.
 */
export function parseEventFormat(text: Uint8Array | string, system: string, options: FormatOptions): EventFormat {
  const characters = (end: number): string => (typeof text === 'string' ? text : decoder.decode(text.subarray(0, end)));
  const start = characters(HEAD_BYTES);
  const found = start.length < text.length ? headAtStart(start, system) : undefined;
  const head = found ?? readHead(characters(text.length), system);
  return new LazyEventFormat(() => characters(text.length), head, system, options);
}

/** How kernels write it. A file has a thousand heads and more, and few reports need more than these of most events. */
const PLAIN_HEAD = /^name: ([a-z]\w*)\nID: ([1-9]\d{0,4})(?=\n)/;

/** The head, if the beginning of a text is enough for it. */
function headAtStart(start: string, system: string): Head | undefined {
  const plain = PLAIN_HEAD.exec(start);
  if (plain !== null) {
    const [whole, name, id] = plain as unknown as [string, string, string];
    return { name, id: Number(id), end: { at: whole.length, type: 'word', token: id } };
  }
  try {
    const head = readHead(start, system);
    return head.end.at < start.length ? head : undefined;
  } catch {
    return undefined;
  }
}

function readHead(characters: string, system: string): Head {
  const lexer = new Lexer(characters);
  lexer.readInLine();
  const named = lexer.is('word', 'name');
  lexer.readInLine();
  if (!named || !lexer.is('operator', ':')) throw malformed(system, 'does not begin with a name');
  lexer.readInLine();
  const name = lexer.token;
  if (lexer.type !== 'word') throw malformed(system, 'does not begin with a name');
  lexer.read();
  const numbered = lexer.is('word', 'ID');
  lexer.readInLine();
  if (!numbered || !lexer.is('operator', ':')) throw malformed(`${system}:${name}`, 'has no ID after its name');
  lexer.readInLine();
  if (lexer.type !== 'word') throw malformed(`${system}:${name}`, 'has no ID after its name');
  return { name, id: leadingNumber(lexer.token), end: lexer.mark() };
}

const malformed = (subject: string, problem: string): TandemError =>
  new TandemError('CORRUPT', `event format ${subject}`, problem, 'events of this type are shown as unknown');

interface Head {
  readonly name: string;
  readonly id: number;
  /** Behind the id. */
  readonly end: LexerMark;
}

interface Body {
  readonly common: readonly Field[];
  readonly own: readonly Field[];
  readonly isComplete: boolean;
  readonly printText: string;
  readonly minimumLength: number;
}

class LazyEventFormat implements EventFormat {
  readonly id: number;
  readonly name: string;
  readonly system: string;
  readonly #text: () => string;
  readonly #headEnd: LexerMark;
  readonly #options: FormatOptions;
  #body: Body | undefined;
  #printFormat: PrintFormat | undefined;
  #printFormatParsed = false;

  constructor(text: () => string, { name, id, end }: Head, system: string, options: FormatOptions) {
    this.#text = text;
    this.#headEnd = end;
    this.id = id;
    this.name = name;
    this.system = system;
    this.#options = options;
  }

  get isKnown(): boolean {
    return this.#parsed().isComplete || this.#options.version === '3.1';
  }

  get commonFields(): readonly Field[] {
    return this.#parsed().common;
  }

  get fields(): readonly Field[] {
    return this.#parsed().own;
  }

  get printText(): string {
    return this.#parsed().printText;
  }

  get minimumLength(): number {
    return this.#parsed().minimumLength;
  }

  get printFormat(): PrintFormat | undefined {
    if (!this.#printFormatParsed) {
      this.#printFormat = parsePrintFormat(this, this.#options);
      this.#printFormatParsed = true;
    }
    return this.#printFormat;
  }

  #parsed(): Body {
    this.#body ??= this.#parseBody();
    return this.#body;
  }

  #parseBody(): Body {
    const text = this.#text();
    const lexer = new Lexer(text);
    lexer.reset(this.#headEnd);
    const { common, own, complete } = parseFields(lexer, this.system, this.#options.longSize);
    const minimumLength = Math.max(0, ...[...common, ...own].map(({ offset, size }) => offset + size));
    if (complete) lexer.read();
    let found = complete && lexer.is('word', 'print');
    for (const token of ['fmt', ':']) {
      if (found) lexer.readInLine();
      found &&= lexer.token === token;
    }
    return { common, own, isComplete: complete, minimumLength, printText: found ? text.slice(lexer.offset) : '' };
  }
}
