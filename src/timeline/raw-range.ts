import { compareHalves } from '../base/u64.ts';
import type { Correction } from '../time/correction.ts';
import type { HostTime } from '../time/types.ts';

/** Corrected times, both ends included; either may be open. */
export interface TimeRange {
  readonly from?: HostTime | undefined;
  readonly to?: HostTime | undefined;
}

const FIRST = 0n;
const LAST = (1n << 64n) - 1n;
const highOf = (value: bigint): number => Number(value >> 32n);
const lowOf = (value: bigint): number => Number(value & 0xffff_ffffn);

/** A range of corrected times as one stream sees it: asked with raw stamps, so that most are decided uncorrected. */
export class RawRange {
  /** No earlier raw stamp is in the range. */
  readonly first: bigint;
  readonly #correction: Correction;
  readonly #firstHi: number;
  readonly #firstLo: number;
  readonly #lastHi: number;
  readonly #lastLo: number;
  readonly #fromHi: number;
  readonly #fromLo: number;
  readonly #toHi: number;
  readonly #toLo: number;

  constructor({ from, to }: TimeRange, correction: Correction) {
    this.#correction = correction;
    // Beyond all stamps where there is none.
    this.first = from === undefined ? FIRST : (correction.firstAtOrAfter(from) ?? LAST + 1n);
    const last = to === undefined ? LAST : (correction.lastAtOrBefore(to) ?? FIRST - 1n);
    this.#firstHi = highOf(this.first);
    this.#firstLo = lowOf(this.first);
    this.#lastHi = highOf(last);
    this.#lastLo = lowOf(last);
    this.#fromHi = highOf(from ?? FIRST);
    this.#fromLo = lowOf(from ?? FIRST);
    this.#toHi = highOf(to ?? LAST);
    this.#toLo = lowOf(to ?? LAST);
  }

  /** Whether a raw stamp's corrected time is in the range. */
  holds(hi: number, lo: number): boolean {
    if (compareHalves(hi, lo, this.#firstHi, this.#firstLo) < 0) return false;
    if (this.isOver(hi, lo)) return false;
    const correction = this.#correction;
    if (correction.isRising) return true;
    correction.apply(hi, lo);
    const { outHi, outLo } = correction;
    return (
      compareHalves(outHi, outLo, this.#fromHi, this.#fromLo) >= 0 &&
      compareHalves(outHi, outLo, this.#toHi, this.#toLo) <= 0
    );
  }

  /** Whether this and all later raw stamps lie after the range. */
  isOver(hi: number, lo: number): boolean {
    return compareHalves(hi, lo, this.#lastHi, this.#lastLo) > 0;
  }
}
