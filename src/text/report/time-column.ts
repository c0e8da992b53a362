import type { ByteWriter } from '../../base/byte-writer.ts';
import { ConstantText } from '../../base/constant-text.ts';
import { U64 } from '../../base/u64.ts';
import { type PrintedClock, printsSeconds } from '../../time/clock.ts';

/** How stamps are shown: seconds with 6 or 9 digits after the point, or the plain integer of other clocks. */
export type TimeStyle = 'microseconds' | 'nanoseconds' | 'integer';

/** How the times of a file are shown; `nanoseconds` asks for all digits of seconds (`-t`). */
export function timeStyleOf(clock: PrintedClock, nanoseconds: boolean): TimeStyle {
  if (!printsSeconds(clock)) return 'integer';
  return nanoseconds ? 'nanoseconds' : 'microseconds';
}

const TWO_32 = 0x1_0000_0000;
const SECOND = 1_000_000_000;
const TIME_LIMIT = 1n << 64n;
const INTEGER_WIDTH = 12;
const COLON = 0x3a;

/**
 * The time of a line. Formats as trace-cmd prints them: `" %5llu.%06llu:"` (microseconds rounded half up),
 * `" %5llu.%09llu:"`, `"%12llu:"`. Exact for all 64 bits: within a second only a small difference is computed,
 * and the second's text is kept until another second comes.
 */
export class TimeColumn {
  readonly style: TimeStyle;
  /** Added before the digits are cut off; wraps at 2^64, as in trace-cmd. */
  readonly #rounding: number;
  /** The second that was shown last: where it begins, and its text with the blank before and the point after. */
  #secondHi = Number.NaN;
  #secondLo = 0;
  /** Shorter for the second in which 64 bits end. */
  #secondLength = 0;
  #secondText = new ConstantText('');
  readonly #register = new U64();

  constructor(style: TimeStyle) {
    this.style = style;
    this.#rounding = style === 'microseconds' ? 500 : 0;
  }

  /** The column as a line has it: blank before (but not before an integer), colon after. */
  write(out: ByteWriter, hi: number, lo: number): void {
    if (this.style === 'integer') this.#writeInteger(out, hi, lo);
    else {
      const fraction = this.#enterSecond(hi, lo);
      out.constant(this.#secondText);
      this.#writeFraction(out, fraction);
    }
    out.byte(COLON);
  }

  /** The number alone, padded on the left. */
  writeNumber(out: ByteWriter, hi: number, lo: number): void {
    if (this.style === 'integer') {
      this.#writeInteger(out, hi, lo);
      return;
    }
    const fraction = this.#enterSecond(hi, lo);
    out.slice(this.#secondText.bytes, 1, this.#secondText.length);
    this.#writeFraction(out, fraction);
  }

  #writeInteger(out: ByteWriter, hi: number, lo: number): void {
    this.#register.set(hi, lo);
    out.decimalU64(this.#register, INTEGER_WIDTH);
  }

  #writeFraction(out: ByteWriter, nanoseconds: number): void {
    if (this.style === 'microseconds') out.zeroDecimal((nanoseconds / 1000) | 0, 6);
    else out.zeroDecimal(nanoseconds, 9);
  }

  /** Makes #secondText that of a stamp's second; returns the (rounded) nanoseconds after its begin. */
  #enterSecond(hi: number, lo: number): number {
    const since = (hi - this.#secondHi) * TWO_32 + (lo - this.#secondLo) + this.#rounding;
    if (since >= 0 && since < this.#secondLength) return since;
    const rounded = BigInt.asUintN(64, ((BigInt(hi) << 32n) | BigInt(lo)) + BigInt(this.#rounding));
    const seconds = rounded / BigInt(SECOND);
    const start = seconds * BigInt(SECOND);
    this.#register.setBigInt(start);
    this.#secondLength = Number(start + BigInt(SECOND) > TIME_LIMIT ? TIME_LIMIT - start : BigInt(SECOND));
    this.#secondHi = this.#register.hi;
    this.#secondLo = this.#register.lo;
    this.#secondText = new ConstantText(` ${String(seconds).padStart(5)}.`);
    return Number(rounded % BigInt(SECOND));
  }
}
