import type { ByteWriter } from '../../base/byte-writer.ts';
import { asciiWord } from '../../base/constant-text.ts';
import { putFilled } from '../../base/digits.ts';
import { U64, ZERO_HALF } from '../../base/u64.ts';
import { type PrintedClock, printsSeconds } from '../../time/clock.ts';

/** How stamps are shown: seconds with 6 or 9 digits after the point, or the plain integer of other clocks. */
export type TimeStyle = 'microseconds' | 'nanoseconds' | 'integer';

/** How the times of a file are shown; `nanoseconds` asks for all digits of seconds (`-t`). */
export function timeStyleOf(clock: PrintedClock, nanoseconds: boolean): TimeStyle {
  if (!printsSeconds(clock)) return 'integer';
  return nanoseconds ? 'nanoseconds' : 'microseconds';
}

const COLON = 0x3a;
const TWO_32 = 0x1_0000_0000;
const SECOND = 1_000_000_000;
const MILLISECOND = 1_000_000;
const TIME_LIMIT = 1n << 64n;
const INTEGER_WIDTH = 12;
/** A blank, the most seconds that 64 bits of nanoseconds make, the point, and milliseconds: two words. */
const LONGEST_TEXT = 16;
/** The digits of 0 to 999, and the colon, which further digits overwrite. */
const THREE_DIGITS = Int32Array.from({ length: 1000 }, (_, number) => asciiWord(`${String(number).padStart(3, '0')}:`));

/**
 * The time of a line. Formats as trace-cmd prints them: `" %5llu.%06llu:"` (microseconds rounded half up),
 * `" %5llu.%09llu:"`, `"%12llu:"`. Exact for all 64 bits: within a second only a small difference is computed,
 * and the text is kept until another millisecond comes.
 */
export class TimeColumn {
  readonly style: TimeStyle;
  /** Added before the digits are cut off; wraps at 2^64, as in trace-cmd. */
  readonly #rounding: number;
  /** Where the second begins that was shown last, and how long it is: the one in which 64 bits end is shorter. */
  #secondHi = Number.NaN;
  #secondLo = ZERO_HALF;
  #secondLength = 0;
  /** The millisecond that was shown last, in ns after the second's begin, and its text from the blank on. */
  #from = 0;
  #to = 0;
  readonly #text = new DataView(new ArrayBuffer(LONGEST_TEXT));
  #length = 0;
  readonly #register = new U64();

  constructor(style: TimeStyle) {
    this.style = style;
    this.#rounding = style === 'microseconds' ? 500 : 0;
  }

  /** The column as a line has it: blank before (but not before an integer), colon after. */
  write(out: ByteWriter, hi: number, lo: number): void {
    if (this.style === 'integer') {
      this.#writeInteger(out, hi, lo);
      out.byte(COLON);
      return;
    }
    const rest = this.#enterMillisecond(hi, lo);
    out.reserve(LONGEST_TEXT);
    const at = out.length;
    out.words.setFloat64(at, this.#text.getFloat64(0, true), true);
    out.words.setFloat64(at + 8, this.#text.getFloat64(8, true), true);
    out.advanceTo(at + this.#length);
    this.#writeRest(out, rest);
  }

  /** The number alone, padded on the left. */
  writeNumber(out: ByteWriter, hi: number, lo: number): void {
    if (this.style === 'integer') {
      this.#writeInteger(out, hi, lo);
      return;
    }
    const rest = this.#enterMillisecond(hi, lo);
    out.slice(new Uint8Array(this.#text.buffer), 1, this.#length);
    this.#writeRest(out, rest);
    out.truncate(out.length - 1);
  }

  #writeInteger(out: ByteWriter, hi: number, lo: number): void {
    this.#register.set(hi, lo);
    out.decimalU64(this.#register, INTEGER_WIDTH);
  }

  /** The digits of nanoseconds after a millisecond, and the colon. */
  #writeRest(out: ByteWriter, nanoseconds: number): void {
    out.reserve(8);
    const { words, length: at } = out;
    const micros = (nanoseconds / 1000) | 0;
    words.setInt32(at, THREE_DIGITS[micros] as number, true);
    if (this.style === 'microseconds') {
      out.advanceTo(at + 4);
      return;
    }
    words.setInt32(at + 3, THREE_DIGITS[nanoseconds - micros * 1000] as number, true);
    out.advanceTo(at + 7);
  }

  /** Makes #text that of a stamp's millisecond; returns the (rounded) nanoseconds after its begin. */
  #enterMillisecond(hi: number, lo: number): number {
    const since = (hi - this.#secondHi) * TWO_32 + (lo - this.#secondLo) + this.#rounding;
    if (since >= this.#from && since < this.#to) return (since - this.#from) | 0;
    if (since >= 0 && since < this.#secondLength) return this.#moveTo(since);
    return this.#moveTo(this.#enterSecond(hi, lo));
  }

  /** Returns the (rounded) nanoseconds after the begin of a stamp's second. */
  #enterSecond(hi: number, lo: number): number {
    const rounded = BigInt.asUintN(64, ((BigInt(hi) << 32n) | BigInt(lo)) + BigInt(this.#rounding));
    const seconds = rounded / BigInt(SECOND);
    const start = seconds * BigInt(SECOND);
    this.#register.setBigInt(start);
    this.#secondLength = Number(start + BigInt(SECOND) > TIME_LIMIT ? TIME_LIMIT - start : BigInt(SECOND));
    this.#secondHi = this.#register.hi;
    this.#secondLo = this.#register.lo;
    const text = ` ${String(seconds).padStart(5)}.`;
    for (let i = 0; i < text.length; i++) this.#text.setUint8(i, text.charCodeAt(i));
    this.#length = text.length + 3;
    return Number(rounded % BigInt(SECOND));
  }

  /** To the millisecond of what is `since` ns after the second's begin; returns the rest. */
  #moveTo(since: number): number {
    const milliseconds = (since / MILLISECOND) | 0;
    putFilled(this.#text, this.#length - 3, this.#length, milliseconds);
    this.#from = milliseconds * MILLISECOND;
    this.#to = Math.min(this.#from + MILLISECOND, this.#secondLength);
    return (since - this.#from) | 0;
  }
}
