import type { Field } from './field.ts';
import type { Lexer } from './lexer.ts';
import { leadingNumber } from './number-text.ts';

/** Bytes of the types whose dynamic arrays have elements of a known size. */
const ELEMENT_SIZES = new Map([
  ['u8', 1],
  ['u16', 2],
  ['u32', 4],
  ['u64', 8],
  ['s8', 1],
  ['s16', 2],
  ['s32', 4],
  ['s64', 8],
  ['char', 1],
]);

/** Sub-buffers are at most this long, so nothing in a record is further away. */
const LONGEST_RECORD = 1 << 20;

export interface FieldGroups {
  readonly common: readonly Field[];
  readonly own: readonly Field[];
  /** False when a declaration can't be understood: the fields before it are there, the print format is not. */
  readonly complete: boolean;
}

class Malformed extends Error {}

/**
 * Reads `format:` and the two groups of fields after it. The lexer stands before `format`, and is left before
 * `print fmt` when the result is complete.
 */
export function parseFields(lexer: Lexer, system: string, longSize: 4 | 8): FieldGroups {
  const common: Field[] = [];
  const own: Field[] = [];
  const parser = new FieldParser(lexer, system === 'ftrace', longSize);
  try {
    parser.title();
    parser.group(common);
    parser.group(own);
    return { common, own, complete: true };
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    return { common, own, complete: false };
  }
}

/** The declaration before the `;`, taken apart. */
interface Declaration {
  readonly name: string;
  readonly type: string;
  readonly isPointer: boolean;
  readonly isArray: boolean;
  readonly arrayLength: number;
  /** The type whose array follows it: `char` in `__data_loc char[] name`; empty where the brackets follow the name. */
  readonly itemType: string;
}

class FieldParser {
  readonly #lexer: Lexer;
  readonly #ofFtrace: boolean;
  readonly #longSize: 4 | 8;

  constructor(lexer: Lexer, ofFtrace: boolean, longSize: 4 | 8) {
    this.#lexer = lexer;
    this.#ofFtrace = ofFtrace;
    this.#longSize = longSize;
  }

  title(): void {
    this.#lexer.read();
    this.#require('word', 'format');
    this.#next('operator', ':');
    this.#lexer.readInLine();
    if (!this.#lexer.is('newline')) throw new Malformed();
  }

  /** Fields, one per line, up to an empty line. */
  group(fields: Field[]): void {
    for (;;) {
      this.#lexer.readInLine();
      if (this.#lexer.is('newline')) return;
      fields.push(this.#field());
    }
  }

  #field(): Field {
    const lexer = this.#lexer;
    this.#require('word', 'field');
    lexer.readInLine();
    const isSpecial = this.#ofFtrace && lexer.is('word', 'special');
    if (isSpecial) lexer.readInLine();
    this.#require('operator', ':');
    const declaration = this.#declaration();
    this.#require('operator', ';');
    const offset = this.#number('offset');
    const size = this.#number('size');
    if (offset + size > LONGEST_RECORD) throw new Malformed();
    lexer.readInLine();
    let signed = false;
    if (!lexer.is('newline')) {
      this.#require('word', 'signed');
      signed = this.#value() !== 0;
      lexer.readInLine();
      if (!lexer.is('newline')) throw new Malformed();
    }
    return this.#build(declaration, { offset, size, signed, isSpecial });
  }

  #build(declaration: Declaration, rest: { offset: number; size: number; signed: boolean; isSpecial: boolean }): Field {
    const { name, type, isPointer, arrayLength, itemType } = declaration;
    const isRelative = type.startsWith('__rel_loc');
    const isDynamic = isRelative || type.startsWith('__data_loc');
    const isLong = type.includes('long');
    // Before dynamic arrays had lengths, their locator was an offset of 2 bytes, and they were all strings.
    const isOldString = isDynamic && rest.size === 2;
    const isString = isOldString || (declaration.isArray && ['char', 'u8', 's8'].some((item) => type.includes(item)));
    const isArray = declaration.isArray || isOldString;
    let elementSize = 0;
    if (!isArray && !isDynamic) elementSize = rest.size;
    else if (arrayLength !== 0) elementSize = Math.floor(rest.size / arrayLength);
    else if (isDynamic) elementSize = ELEMENT_SIZES.get(itemType) ?? 0;
    else if (isString) elementSize = 1;
    else if (isLong) elementSize = this.#longSize;
    return {
      ...{ name, type, isArray, isPointer, isDynamic, isRelative, isString, isLong, arrayLength, elementSize },
      ...rest,
    };
  }

  /** Everything from the type to the `;`, which is then the current token. */
  #declaration(): Declaration {
    const lexer = this.#lexer;
    lexer.readInLine();
    if (!lexer.is('word')) throw new Malformed();
    let type = '';
    let last = lexer.token;
    let isPointer = false;
    const append = (text: string): void => {
      type += type === '' ? text : ` ${text}`;
    };
    for (;;) {
      lexer.readInLine();
      const inType = lexer.is('word') || lexer.is('operator', '*') || (this.#ofFtrace && lexer.is('operator', '.'));
      if (inType) {
        if (lexer.token === '*') isPointer = true;
        append(last);
        last = lexer.token;
      } else if (last === '__attribute__' && lexer.is('delimiter', '(')) {
        last = `__attribute__(${this.#attribute()})`;
      } else break;
    }
    if (type === '' || !lexer.is('operator')) throw new Malformed();
    if (lexer.token !== '[') return { name: last, type, isPointer, isArray: false, arrayLength: 0, itemType: '' };
    const { brackets, length } = this.#brackets();
    lexer.readInLine();
    const array = { isPointer, isArray: true, arrayLength: length };
    if (!lexer.is('word')) return { ...array, name: last, type: type + brackets, itemType: '' };
    const name = lexer.token;
    lexer.readInLine();
    return { ...array, name, type: `${type} ${last}${brackets}`, itemType: last };
  }

  /** What is in the parentheses of an `__attribute__`, up to its last one, which is left as the current token. */
  #attribute(): string {
    const lexer = this.#lexer;
    let text = '';
    for (let depth = 1; ; ) {
      lexer.readInLine();
      if (lexer.is('none')) throw new Malformed();
      if (lexer.is('delimiter', '(')) depth++;
      else if (lexer.is('delimiter', ')') && --depth === 0) return text;
      text += lexer.token;
    }
  }

  /** `[...]`, the length being what the last token in it says. */
  #brackets(): { brackets: string; length: number } {
    const lexer = this.#lexer;
    let brackets = '[';
    let length = 0;
    let afterWord = false;
    for (;;) {
      lexer.readInLine();
      if (lexer.is('none')) throw new Malformed();
      if (lexer.token === ']') return { brackets: `${brackets}]`, length };
      brackets += afterWord && lexer.is('word') ? ` ${lexer.token}` : lexer.token;
      afterWord = lexer.is('word');
      length = leadingNumber(lexer.token);
    }
  }

  /** `NAME:N;` */
  #number(name: string): number {
    this.#next('word', name);
    return this.#value();
  }

  /** `:N;` after a name. */
  #value(): number {
    this.#next('operator', ':');
    this.#lexer.readInLine();
    if (!this.#lexer.is('word')) throw new Malformed();
    const value = leadingNumber(this.#lexer.token);
    this.#next('operator', ';');
    return value;
  }

  #next(type: 'word' | 'operator', token: string): void {
    this.#lexer.readInLine();
    this.#require(type, token);
  }

  #require(type: 'word' | 'operator', token: string): void {
    if (!this.#lexer.is(type, token)) throw new Malformed();
  }
}
