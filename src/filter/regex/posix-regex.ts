import { readBracket } from './bracket.ts';
import { ByteSet, SPACE, WORD } from './byte-set.ts';
import { PatternText, RegexError, upperCase } from './pattern-text.ts';

export { RegexError } from './pattern-text.ts';

const BACKSLASH = 0x5c;
const STAR = 0x2a;
const COMMA = 0x2c;
const ZERO = 0x30;
/** Most repetitions that `\{n,m\}` may ask for. */
const REPEAT_LIMIT = 0x7fff;
const GROUP_LIMIT = 500;

/** A piece of a pattern: RegExp source, and whether `*` and its kin may follow it. */
interface Piece {
  readonly source: string;
  readonly repeatable: boolean;
}

/**
 * A basic regular expression as the C library reads it with REG_ICASE in the C locale, GNU's `\+ \? \| \w \b \<`
 * included, tested against bytes. Case is ignored by comparing upper case, so the subject is turned to upper case
 * while it becomes a string.
 */
export class PosixRegex {
  readonly #regex: RegExp;

  /** Throws RegexError. */
  constructor(pattern: Uint8Array) {
    const source = new Translator(new PatternText(pattern)).translate();
    try {
      this.#regex = new RegExp(source);
      this.#regex.test('');
    } catch {
      throw new RegexError('it is too large');
    }
  }

  /** Whether the pattern occurs in bytes[start..end). */
  test(bytes: Uint8Array, start: number, end: number): boolean {
    let subject = '';
    for (let i = start; i < end; i++) subject += UPPER_CASE[bytes[i] as number];
    return this.#regex.test(subject);
  }

  testText(text: string): boolean {
    const bytes = new TextEncoder().encode(text);
    return this.test(bytes, 0, bytes.length);
  }
}

const UPPER_CASE: readonly string[] = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(upperCase(byte)));

const literal = (byte: number): string => ByteSet.of(byte).toSource();
const WORD_SOURCE = WORD.toSource();
const ANCHORS: ReadonlyMap<string, string> = new Map([
  ['b', '\\b'],
  ['B', '\\B'],
  ['<', `(?=${WORD_SOURCE})(?<!${WORD_SOURCE})`],
  ['>', `(?<=${WORD_SOURCE})(?!${WORD_SOURCE})`],
  ['`', '^'],
  ["'", '$'],
]);
const CLASS_ESCAPES: ReadonlyMap<string, string> = new Map([
  ['w', WORD_SOURCE],
  ['W', WORD.complement().toSource()],
  ['s', SPACE.toSource()],
  ['S', SPACE.complement().toSource()],
]);

/** Recursive descent over one pattern. */
class Translator {
  readonly #pattern: PatternText;
  #groups = 0;
  #depth = 0;
  readonly #closedGroups = new Set<number>();
  /** True where `^` is an anchor: at the start of a branch. */
  #caretAnchors = true;

  constructor(pattern: PatternText) {
    this.#pattern = pattern;
  }

  translate(): string {
    const source = this.#alternatives();
    if (!this.#pattern.atEnd()) throw new RegexError('"\\)" without "\\("');
    return source;
  }

  #alternatives(): string {
    let source = this.#branch();
    while (this.#atEscape('|')) {
      this.#pattern.skip(2);
      source += `|${this.#branch()}`;
    }
    return source;
  }

  #branch(): string {
    this.#caretAnchors = true;
    let source = '';
    while (!this.#pattern.atEnd() && !this.#atEscape('|') && !this.#atEscape(')')) source += this.#repeated();
    return source;
  }

  #repeated(): string {
    const { source, repeatable } = this.#piece();
    this.#caretAnchors = false;
    if (!repeatable) return source;
    let repeated = source;
    for (let operator = this.#repetition(); operator !== ''; operator = this.#repetition()) {
      repeated = `(?:${repeated})${operator}`;
      if (this.#pattern.peek() === STAR || this.#atEscape('{')) throw new RegexError('a repetition of a repetition');
    }
    return repeated;
  }

  #piece(): Piece {
    const pattern = this.#pattern;
    if (this.#atEscape('{')) throw new RegexError('"\\{" repeats nothing');
    const byte = pattern.next();
    switch (byte) {
      case BACKSLASH:
        return this.#escape();
      case 0x5b:
        return { source: readBracket(pattern).toSource(), repeatable: true };
      case 0x2e:
        return { source: '[^]', repeatable: true };
      case 0x5e:
        if (this.#caretAnchors) return { source: '^', repeatable: false };
        break;
      case 0x24:
        if (pattern.atEnd() || this.#atEscape('|') || this.#atEscape(')')) return { source: '$', repeatable: false };
        break;
    }
    return { source: literal(byte), repeatable: true };
  }

  #escape(): Piece {
    const pattern = this.#pattern;
    if (pattern.atEnd()) throw new RegexError('a lone "\\" at its end');
    const byte = pattern.nextRaw();
    const char = String.fromCharCode(byte);
    if (char === '(') return { source: this.#group(), repeatable: true };
    if (byte > ZERO && byte <= 0x39) {
      if (!this.#closedGroups.has(byte - ZERO)) throw new RegexError(`no group ${char} before "\\${char}"`);
      return { source: `(?:\\${char})`, repeatable: true };
    }
    const anchor = ANCHORS.get(char);
    if (anchor) return { source: anchor, repeatable: false };
    return { source: CLASS_ESCAPES.get(char) ?? literal(byte), repeatable: true };
  }

  #group(): string {
    const number = ++this.#groups;
    if (++this.#depth > GROUP_LIMIT) throw new RegexError('groups nested too deep');
    const source = this.#alternatives();
    if (this.#pattern.atEnd()) throw new RegexError('"\\(" without "\\)"');
    this.#pattern.skip(2);
    this.#depth--;
    this.#closedGroups.add(number);
    return `(${source})`;
  }

  /** The RegExp operator for the repetition that comes next; empty when none does. */
  #repetition(): string {
    const pattern = this.#pattern;
    if (pattern.peek() === STAR) {
      pattern.skip(1);
      return '*';
    }
    for (const operator of ['+', '?']) {
      if (this.#atEscape(operator)) {
        pattern.skip(2);
        return operator;
      }
    }
    if (!this.#atEscape('{')) return '';
    pattern.skip(2);
    return this.#interval();
  }

  /** `n\}`, `n,\}`, `,m\}` or `n,m\}`. */
  #interval(): string {
    const pattern = this.#pattern;
    const first = this.#number();
    const hasComma = pattern.peek() === COMMA;
    if (hasComma) pattern.skip(1);
    else if (first === undefined) throw new RegexError('"\\{" without a number');
    const last = hasComma ? this.#number() : first;
    if (!this.#atEscape('}')) throw new RegexError('"\\{" without "\\}"');
    pattern.skip(2);
    const least = first ?? 0;
    if (last !== undefined && least > last) throw new RegexError('"\\{" with its numbers in the wrong order');
    if ((last ?? least) > REPEAT_LIMIT) throw new RegexError(`more than ${REPEAT_LIMIT} repetitions`);
    return `{${least},${last ?? ''}}`;
  }

  #number(): number | undefined {
    let value: number | undefined;
    for (let digit = this.#pattern.peek() - ZERO; digit >= 0 && digit <= 9; digit = this.#pattern.peek() - ZERO) {
      value = Math.min((value ?? 0) * 10 + digit, REPEAT_LIMIT + 1);
      this.#pattern.skip(1);
    }
    return value;
  }

  #atEscape(char: string): boolean {
    return this.#pattern.peek() === BACKSLASH && this.#pattern.peekRaw(1) === char.charCodeAt(0);
  }
}
