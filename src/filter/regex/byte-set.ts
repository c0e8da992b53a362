/** A set of byte values, and its text as a character class of a JavaScript RegExp over Latin-1 text. */
export class ByteSet {
  readonly #members = new Uint8Array(256);

  static of(...bytes: number[]): ByteSet {
    const set = new ByteSet();
    for (const byte of bytes) set.add(byte);
    return set;
  }

  add(byte: number): void {
    this.#members[byte] = 1;
  }

  addRange(first: number, last: number): void {
    this.#members.fill(1, first, last + 1);
  }

  addAll(other: ByteSet): void {
    for (let byte = 0; byte < 256; byte++) if (other.has(byte)) this.add(byte);
  }

  has(byte: number): boolean {
    return this.#members[byte] === 1;
  }

  complement(): ByteSet {
    const set = new ByteSet();
    for (let byte = 0; byte < 256; byte++) if (!this.has(byte)) set.add(byte);
    return set;
  }

  /** `[...]`; `[]`, which matches nothing, for the empty set. */
  toSource(): string {
    let source = '';
    for (let byte = 0; byte < 256; byte++) {
      if (!this.has(byte)) continue;
      const first = byte;
      while (this.has(byte + 1)) byte++;
      source += first === byte ? hexEscape(first) : `${hexEscape(first)}-${hexEscape(byte)}`;
    }
    return `[${source}]`;
  }
}

const hexEscape = (byte: number): string => `\\x${byte.toString(16).padStart(2, '0')}`;

function ranges(text: string): ByteSet {
  const set = new ByteSet();
  for (let i = 0; i < text.length; i += 2) set.addRange(text.charCodeAt(i), text.charCodeAt(i + 1));
  return set;
}

const ALPHA = ranges('AZaz');

/**
 * The named classes in the C locale. Where case is ignored, `upper` and `lower` are all letters.
 */
export const CLASSES: ReadonlyMap<string, ByteSet> = new Map([
  ['alnum', ranges('09AZaz')],
  ['alpha', ALPHA],
  ['blank', ranges('\t\t  ')],
  ['cntrl', ranges('\0\x1f\x7f\x7f')],
  ['digit', ranges('09')],
  ['graph', ranges('!~')],
  ['lower', ALPHA],
  ['print', ranges(' ~')],
  ['punct', ranges('!/:@[`{~')],
  ['space', ranges('\t\r  ')],
  ['upper', ALPHA],
  ['xdigit', ranges('09AFaf')],
]);

export const WORD: ByteSet = ranges('09AZaz__');
export const SPACE: ByteSet = CLASSES.get('space') as ByteSet;
