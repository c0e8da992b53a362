import type { ConstantText } from './constant-text.ts';
import {
  alignNumber,
  hexDigits,
  LONGEST_NUMBER,
  putDecimal64,
  putFilled,
  putHex,
  putNumber,
  putSigned64,
} from './digits.ts';
import type { U64 } from './u64.ts';

const ZERO = 0x30;
const BLANK = 0x20;
const MINUS = 0x2d;
/** By width: below which numbers have no more digits, of the widths that `putFilled` takes. */
const POWERS_OF_TEN = Float64Array.from({ length: 10 }, (_, width) => 10 ** width);
/** From so many bytes on, built-in copying beats a loop. */
const LONG = 48;
/** Bytes behind the last one that may be written: a word's length. */
const SLACK = 8;
const encoder = new TextEncoder();

/** The UTF-8 bytes of a text that is written over and over: encode once, then `writer.bytes(...)`. */
export const utf8 = (text: string): Uint8Array => encoder.encode(text);

/**
 * Text as bytes, appended to one growing buffer. Lines of a report never become strings: names and task
 * comms are copied from the trace as they are, numbers are written digit by digit.
 *
 * The owner drains it: look at `length`, hand out `view()`, then `clear()`.
 */
export class ByteWriter {
  #buffer: Uint8Array;
  /** The same memory. It ends SLACK bytes after what may be written, so that whole words can be stored. */
  #view: DataView;
  #limit: number;
  #length = 0;

  constructor(capacity = 1 << 16) {
    this.#buffer = new Uint8Array(capacity + SLACK);
    this.#view = new DataView(this.#buffer.buffer);
    this.#limit = capacity;
  }

  get length(): number {
    return this.#length;
  }

  /** What has been written so far. Valid until the next write or clear. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  /** Forgets everything after `length`, which must not be beyond what was written. */
  truncate(length: number): void {
    this.#length = length;
  }

  /** The byte at `index`, or -1 outside of what was written. */
  at(index: number): number {
    return index >= 0 && index < this.#length ? (this.#buffer[index] as number) : -1;
  }

  /**
   * Makes room for `count` more bytes, for those who put bytes in place themselves: into `buffer` or `words` from
   * `length` on, then `advanceTo`. Both may be others after the next call.
   */
  reserve(count: number): void {
    if (this.#length + count > this.#limit) this.#grow(this.#length + count);
  }

  #grow(needed: number): void {
    this.#limit = Math.max(needed, this.#limit * 2);
    const grown = new Uint8Array(this.#limit + SLACK);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  get buffer(): Uint8Array {
    return this.#buffer;
  }

  /** The memory of `buffer`. Stores of up to SLACK bytes may go beyond the room that was made. */
  get words(): DataView {
    return this.#view;
  }

  /** Takes what was put in place up to `length`. */
  advanceTo(length: number): void {
    this.#length = length;
  }

  byte(value: number): void {
    this.reserve(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(source: Uint8Array): void {
    this.slice(source, 0, source.length);
  }

  /** Appends a text that was made ready for it: the quickest way for what every line repeats. */
  constant(text: ConstantText): void {
    const { words, length } = text;
    this.reserve(length);
    const view = this.#view;
    let at = this.#length;
    this.#length = at + length;
    for (let i = 0; i < words.length; i++) {
      view.setFloat64(at, words[i] as number, true);
      at += 8;
    }
    if (words.length === 0) this.#buffer.set(text.bytes, at);
  }

  /** Copies source[start..end). Short runs are copied by hand: a call to `set` costs more than they do. */
  slice(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const buffer = this.#buffer;
    let at = this.#length;
    if (count > LONG) buffer.set(source.subarray(start, end), at);
    else for (let i = start; i < end; i++) buffer[at++] = source[i] as number;
    this.#length += count;
  }

  /** Encodes a text as UTF-8. For texts that change; constant ones are encoded once with `utf8`. */
  text(text: string): void {
    this.reserve(text.length * 3);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code > 127) {
        this.#length = at;
        this.bytes(encoder.encode(text.slice(i)));
        return;
      }
      buffer[at++] = code;
    }
    this.#length = at;
  }

  /** Copies a NUL-terminated string of at most `size` bytes that starts at source[start]. Returns its length. */
  cString(source: Uint8Array, start: number, size: number): number {
    const limit = Math.min(start + size, source.length);
    if (size > LONG) {
      const nul = source.indexOf(0, start);
      const end = nul < 0 || nul > limit ? limit : nul;
      this.slice(source, start, end);
      return end - start;
    }
    this.reserve(size);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = start; i < limit; i++) {
      const byte = source[i] as number;
      if (byte === 0) break;
      buffer[at++] = byte;
    }
    const length = at - this.#length;
    this.#length = at;
    return length;
  }

  blanks(count: number): void {
    if (count <= 0) return;
    this.reserve(count);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < count; i++) buffer[at++] = BLANK;
    this.#length = at;
  }

  /** Decimal of an integer number, |value| <= 2^53; right-aligned to `width` with blanks. */
  decimal(value: number, width = 0): void {
    this.reserve(LONGEST_NUMBER);
    const start = this.#length;
    if (value < 0) {
      this.#buffer[start] = MINUS;
      this.#length = putNumber(this.#view, start + 1, -value);
    } else this.#length = putNumber(this.#view, start, value);
    if (width > 0) this.#align(start, width, BLANK);
  }

  /** As `decimal`, filled with zeros (after the sign). */
  zeroDecimal(value: number, width: number): void {
    const start = this.#length;
    if (value >= 0 && value < (POWERS_OF_TEN[width] ?? 0)) {
      this.reserve(width);
      this.#length = start + width;
      putFilled(this.#view, start, start + width, value);
      return;
    }
    this.decimal(value);
    this.#align(start, width, ZERO);
  }

  /** Decimal of an unsigned 64-bit value, exact. */
  decimalU64({ hi, lo }: U64, width = 0, pad = BLANK): void {
    this.reserve(LONGEST_NUMBER);
    const start = this.#length;
    this.#length = putDecimal64(this.#view, start, hi, lo);
    if (width > 0) this.#align(start, width, pad);
  }

  /** Decimal of a signed (two's complement) 64-bit value, exact. */
  decimalI64(value: U64, width = 0, pad = BLANK): void {
    this.reserve(LONGEST_NUMBER);
    const start = this.#length;
    this.#length = putSigned64(this.#view, start, value.hi, value.lo);
    if (width > 0) this.#align(start, width, pad);
  }

  /** Right-aligns the number that was written from `start` on. Zeros come after its sign. */
  #align(start: number, width: number, pad: number): void {
    this.reserve(width);
    this.#length = alignNumber(this.#buffer, start, this.#length, width, pad);
  }

  /** Lower-case hex of an unsigned 32-bit number, without prefix, right-aligned to `width` with `pad`. */
  hex(value: number, width = 0, pad = ZERO): void {
    this.hex64(0, value, width, pad);
  }

  /** Lower-case hex of a 64-bit value in halves, without prefix. */
  hex64(hi: number, lo: number, width = 0, pad = ZERO): void {
    const digits = hexDigits(hi, lo);
    this.reserve(Math.max(width, digits));
    let start = this.#length;
    for (let missing = width - digits; missing > 0; missing--) this.#buffer[start++] = pad;
    this.#length = start + digits;
    putHex(this.#view, start, start + digits, hi, lo);
  }
}
