const encoder = new TextEncoder();

/**
 * A text that is written over and over, as `ByteWriter.constant` wants it: in words of eight bytes, padded with zeros
 * that the next text overwrites. The words are doubles, since a double is moved in one step where a bigint is not;
 * a text that would make a NaN, whose bits may change on the way, has no words. ASCII never makes one.
 */
export class ConstantText {
  readonly bytes: Uint8Array;
  /** Little endian. Empty for texts that are copied byte by byte. */
  readonly words: readonly number[];
  readonly length: number;

  constructor(text: string | Uint8Array) {
    this.bytes = typeof text === 'string' ? encoder.encode(text) : text.slice();
    this.length = this.bytes.length;
    const padded = new DataView(new ArrayBuffer(Math.ceil(this.length / 8) * 8));
    for (const [index, byte] of this.bytes.entries()) padded.setUint8(index, byte);
    const words: number[] = [];
    for (let at = 0; at < padded.byteLength; at += 8) words.push(padded.getFloat64(at, true));
    this.words = words.some(Number.isNaN) ? [] : words;
  }
}

/**
 * Up to four ASCII characters as one little-endian word, for tables of short texts: stored whole, it writes zeros where
 * there are fewer, which the next text overwrites.
 */
export function asciiWord(text: string): number {
  let word = 0;
  for (let i = 0; i < text.length; i++) word |= text.charCodeAt(i) << (8 * i);
  return word;
}
