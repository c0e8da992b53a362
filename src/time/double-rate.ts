import { ZERO_HALF } from '../base/u64.ts';

const HALF = 0x1_0000_0000;
/** The largest double below 2^64. */
const LAST = 2 ** 64 - 2 ** 11;

/**
 * `--ts2secs`: stamps times 1e9 / ticksPerSecond, in double precision as trace-cmd does it; the frequency that a
 * user types in is less precise than that. What would not fit 64 bits stays at their end, or, as in trace-cmd, is 0.
 */
export class DoubleRate {
  /** The result of `apply`, in halves. */
  outHi = 0;
  outLo = ZERO_HALF;
  /** A later stamp never gets an earlier time. */
  readonly isRising: boolean;
  readonly #factor: number;
  readonly #beyond: number;

  constructor(ticksPerSecond: number, beyondIsZero: boolean) {
    this.#factor = 1e9 / ticksPerSecond;
    this.#beyond = beyondIsZero ? 0 : LAST;
    this.isRising = !beyondIsZero || HALF * HALF * this.#factor <= LAST;
  }

  #convert(ticks: number): number {
    const nanoseconds = Math.floor(ticks * this.#factor);
    return nanoseconds > LAST ? this.#beyond : nanoseconds;
  }

  apply(hi: number, lo: number): void {
    const nanoseconds = this.#convert(hi * HALF + lo);
    this.outHi = Math.floor(nanoseconds / HALF);
    this.outLo = nanoseconds - this.outHi * HALF;
  }

  at(stamp: bigint): bigint {
    return BigInt(this.#convert(Number(stamp)));
  }
}
