const HALF = 0x1_0000_0000;
/** The largest double below 2^64. */
const LAST = 2 ** 64 - 2 ** 11;

/**
 * `--ts2secs`: stamps times 1e9 / ticksPerSecond, in double precision as trace-cmd does it; the frequency that a
 * user types in is less precise than that. Never falling: what would not fit 64 bits stays at their end.
 */
export class DoubleRate {
  /** The result of `apply`, in halves. */
  outHi = 0;
  outLo = 0;
  readonly #factor: number;

  constructor(ticksPerSecond: number) {
    this.#factor = 1e9 / ticksPerSecond;
  }

  apply(hi: number, lo: number): void {
    const nanoseconds = Math.min(Math.floor((hi * HALF + lo) * this.#factor), LAST);
    this.outHi = Math.floor(nanoseconds / HALF);
    this.outLo = nanoseconds - this.outHi * HALF;
  }

  at(stamp: bigint): bigint {
    return BigInt(Math.min(Math.floor(Number(stamp) * this.#factor), LAST));
  }
}
