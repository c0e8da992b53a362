/** What is wrong with a pattern, for the message of the filter it is part of. */
export class RegexError extends Error {}

export function upperCase(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 32 : byte;
}

/**
 * The bytes of a pattern while it is read. Case is ignored by reading patterns and subjects in upper case, which
 * is what the C library does and what makes `[Z-a]` an error and `[_-a]` too.
 */
export class PatternText {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  /** The byte `ahead` of the next one in upper case; -1 past the end. */
  peek(ahead = 0): number {
    return upperCase(this.peekRaw(ahead));
  }

  peekRaw(ahead = 0): number {
    return this.#bytes[this.#at + ahead] ?? -1;
  }

  next(): number {
    return upperCase(this.nextRaw());
  }

  nextRaw(): number {
    const byte = this.peekRaw();
    this.#at++;
    return byte;
  }

  skip(count: number): void {
    this.#at += count;
  }
}
