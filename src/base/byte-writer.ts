import type { ConstantText } from './constant-text.ts';
import type { U64 } from './u64.ts';

const ZERO = 0x30;
const BLANK = 0x20;
const HEX = new Uint8Array([...'0123456789abcdef'].map((c) => c.charCodeAt(0)));
const TWO_DIGITS = new Uint8Array(200);
for (let i = 0; i < 100; i++) {
  TWO_DIGITS[2 * i] = ZERO + Math.floor(i / 10);
  TWO_DIGITS[2 * i + 1] = ZERO + (i % 10);
}
const TWO_HEX_DIGITS = new Uint8Array(512);
for (let i = 0; i < 256; i++) {
  TWO_HEX_DIGITS[2 * i] = HEX[i >> 4] as number;
  TWO_HEX_DIGITS[2 * i + 1] = HEX[i & 15] as number;
}
/** From so many bytes on, built-in copying beats a loop. */
const LONG = 48;
/** Bytes behind the last one that may be written: a word's length. */
const SLACK = 8;
/** Digits of 2^31-1, the largest number that is written digit by digit in place. */
const WIDEST_INT = 10;
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
  readonly #digits = new Uint8Array(24);

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

  /** Makes room for `count` more bytes. */
  #reserve(count: number): void {
    if (this.#length + count > this.#limit) this.#grow(this.#length + count);
  }

  #grow(needed: number): void {
    this.#limit = Math.max(needed, this.#limit * 2);
    const grown = new Uint8Array(this.#limit + SLACK);
    grown.set(this.#buffer.subarray(0, this.#length));
    this.#buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  byte(value: number): void {
    this.#reserve(1);
    this.#buffer[this.#length++] = value;
  }

  bytes(source: Uint8Array): void {
    this.slice(source, 0, source.length);
  }

  /** Appends a text that was made ready for it: the quickest way for what every line repeats. */
  constant(text: ConstantText): void {
    const { words, length } = text;
    this.#reserve(length);
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
    this.#reserve(count);
    const buffer = this.#buffer;
    let at = this.#length;
    if (count > LONG) buffer.set(source.subarray(start, end), at);
    else for (let i = start; i < end; i++) buffer[at++] = source[i] as number;
    this.#length += count;
  }

  /** Encodes a text as UTF-8. For texts that change; constant ones are encoded once with `utf8`. */
  text(text: string): void {
    this.#reserve(text.length * 3);
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
    this.#reserve(size);
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
    this.#reserve(count);
    const buffer = this.#buffer;
    let at = this.#length;
    for (let i = 0; i < count; i++) buffer[at++] = BLANK;
    this.#length = at;
  }

  /** Appends the last `count` of the digits that a caller put at the end of #digits, padded on the left. */
  #appendDigits(start: number, width: number, pad: number, negative: boolean): void {
    const digits = this.#digits;
    const count = digits.length - start + (negative ? 1 : 0);
    const missing = width - count;
    this.#reserve(Math.max(width, count));
    const buffer = this.#buffer;
    let at = this.#length;
    if (negative && pad === ZERO) buffer[at++] = 0x2d;
    for (let i = 0; i < missing; i++) buffer[at++] = pad;
    if (negative && pad !== ZERO) buffer[at++] = 0x2d;
    for (let i = start; i < digits.length; i++) buffer[at++] = digits[i] as number;
    this.#length = at;
  }

  /** Decimal of an integer number, |value| <= 2^53; right-aligned to `width` with blanks. */
  decimal(value: number, width = 0): void {
    this.#decimal(value, width, BLANK);
  }

  /** As `decimal`, filled with zeros (after the sign). */
  zeroDecimal(value: number, width: number): void {
    if (value < 0 || value > 0x7fff_ffff || width > WIDEST_INT) {
      this.#decimal(value, width, ZERO);
      return;
    }
    this.#reserve(WIDEST_INT);
    const buffer = this.#buffer;
    const start = this.#length;
    let at = start + Math.max(width, decimalDigits(value));
    this.#length = at;
    let rest = value | 0;
    while (at - start > 1) {
      const quotient = (rest / 100) | 0;
      const pair = 2 * (rest - quotient * 100);
      buffer[--at] = TWO_DIGITS[pair + 1] as number;
      buffer[--at] = TWO_DIGITS[pair] as number;
      rest = quotient;
    }
    if (at > start) buffer[start] = ZERO + rest;
  }

  #decimal(value: number, width: number, pad: number): void {
    if (width === 0 && value >= 0) {
      if (value > 0x7fff_ffff) this.#longDecimal(value);
      else this.#plainDecimal(value | 0);
      return;
    }
    const negative = value < 0;
    let rest = negative ? -value : value;
    const digits = this.#digits;
    let at = digits.length;
    while (rest > 0x3fff_ffff) {
      const quotient = Math.floor(rest / 100);
      const pair = 2 * (rest - quotient * 100);
      digits[--at] = TWO_DIGITS[pair + 1] as number;
      digits[--at] = TWO_DIGITS[pair] as number;
      rest = quotient;
    }
    let small = rest | 0;
    while (small > 99) {
      const quotient = (small / 100) | 0;
      const pair = 2 * (small - quotient * 100);
      digits[--at] = TWO_DIGITS[pair + 1] as number;
      digits[--at] = TWO_DIGITS[pair] as number;
      small = quotient;
    }
    if (small > 9) {
      digits[--at] = TWO_DIGITS[2 * small + 1] as number;
      digits[--at] = TWO_DIGITS[2 * small] as number;
    } else if (small > 0 || at === digits.length) digits[--at] = ZERO + small;
    this.#appendDigits(at, width, pad, negative);
  }

  /** From 2^31 on: nine digits are the lower part. */
  #longDecimal(value: number): void {
    const upper = Math.floor(value / 1_000_000_000);
    this.#plainDecimal(upper);
    this.#reserve(9);
    const buffer = this.#buffer;
    let at = this.#length + 9;
    this.#length = at;
    let rest = (value - upper * 1_000_000_000) | 0;
    for (let i = 0; i < 4; i++) {
      const quotient = (rest / 100) | 0;
      const pair = 2 * (rest - quotient * 100);
      buffer[--at] = TWO_DIGITS[pair + 1] as number;
      buffer[--at] = TWO_DIGITS[pair] as number;
      rest = quotient;
    }
    buffer[--at] = ZERO + rest;
  }

  /** The digits of 0..2^31-1, written where they stay. */
  #plainDecimal(value: number): void {
    this.#reserve(10);
    const buffer = this.#buffer;
    let at = this.#length + decimalDigits(value);
    this.#length = at;
    let rest = value;
    while (rest > 99) {
      const quotient = (rest / 100) | 0;
      const pair = 2 * (rest - quotient * 100);
      buffer[--at] = TWO_DIGITS[pair + 1] as number;
      buffer[--at] = TWO_DIGITS[pair] as number;
      rest = quotient;
    }
    if (rest > 9) {
      buffer[--at] = TWO_DIGITS[2 * rest + 1] as number;
      buffer[--at] = TWO_DIGITS[2 * rest] as number;
    } else buffer[--at] = ZERO + rest;
  }

  /** Decimal of an unsigned 64-bit value, exact. */
  decimalU64(value: U64, width = 0, pad = BLANK): void {
    if (value.isSafe()) this.#decimal(value.toNumber(), width, pad);
    else this.#decimalParts(value.hi, value.lo, width, pad, false);
  }

  /** Decimal of a signed (two's complement) 64-bit value, exact. */
  decimalI64(value: U64, width = 0, pad = BLANK): void {
    if (value.hi < 0x8000_0000) {
      this.decimalU64(value, width, pad);
      return;
    }
    const lo = (~value.lo + 1) >>> 0;
    const hi = (~value.hi + (lo === 0 ? 1 : 0)) >>> 0;
    if (hi < 0x20_0000) this.#decimal(-(hi * 0x1_0000_0000 + lo), width, pad);
    else this.#decimalParts(hi, lo, width, pad, true);
  }

  /** Long division of the halves by 10^6, twice: every step stays below 2^53. */
  #decimalParts(hi: number, lo: number, width: number, pad: number, negative: boolean): void {
    const digits = this.#digits;
    let at = digits.length;
    let a = hi;
    let b = Math.floor(lo / 0x1_0000);
    let c = lo & 0xffff;
    while (a > 0 || b > 0 || c > 0) {
      const middle = (a % 1_000_000) * 0x1_0000 + b;
      a = Math.floor(a / 1_000_000);
      b = Math.floor(middle / 1_000_000);
      const low = (middle % 1_000_000) * 0x1_0000 + c;
      c = Math.floor(low / 1_000_000);
      let group = low % 1_000_000;
      for (let i = 0; i < 6; i++) {
        digits[--at] = ZERO + (group % 10);
        group = Math.floor(group / 10);
      }
    }
    while (at < digits.length - 1 && digits[at] === ZERO) at++;
    this.#appendDigits(at, width, pad, negative);
  }

  /** Lower-case hex of an unsigned 32-bit number, without prefix, right-aligned to `width` with `pad`. */
  hex(value: number, width = 0, pad = ZERO): void {
    this.hex64(0, value, width, pad);
  }

  /** Lower-case hex of a 64-bit value in halves, without prefix. */
  hex64(hi: number, lo: number, width = 0, pad = ZERO): void {
    const digits = hi !== 0 ? 8 + hexDigits(hi) : hexDigits(lo);
    this.#reserve(Math.max(width, digits));
    const buffer = this.#buffer;
    for (let missing = width - digits; missing > 0; missing--) buffer[this.#length++] = pad;
    const start = this.#length;
    let at = start + digits;
    this.#length = at;
    let rest = lo >>> 0;
    if (hi !== 0) {
      for (let i = 0; i < 4; i++) {
        const pair = 2 * (rest & 0xff);
        buffer[--at] = TWO_HEX_DIGITS[pair + 1] as number;
        buffer[--at] = TWO_HEX_DIGITS[pair] as number;
        rest >>>= 8;
      }
      rest = hi >>> 0;
    }
    while (at - start > 1) {
      const pair = 2 * (rest & 0xff);
      buffer[--at] = TWO_HEX_DIGITS[pair + 1] as number;
      buffer[--at] = TWO_HEX_DIGITS[pair] as number;
      rest >>>= 8;
    }
    if (at > start) buffer[--at] = HEX[rest & 15] as number;
  }
}

function decimalDigits(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < 1_000_000_000 ? 9 : 10;
}

const hexDigits = (value: number): number => (value === 0 ? 1 : (35 - Math.clz32(value)) >>> 2);
