import { readMonotonicRaw } from '../kernel/sampling-calls.ts';
import type { Stamper } from '../sync/types.ts';

/** Stamps of CLOCK_MONOTONIC_RAW, for peers that ask for the system's clock instead of the trace's. */
export class SystemClock implements Stamper {
  /** struct timespec: seconds, nanoseconds. Read as 32-bit words, so that a stamp makes no BigInt. */
  readonly #time = new BigInt64Array(new ArrayBuffer(16));
  readonly #words = new Uint32Array(this.#time.buffer);
  #marked = new Uint32Array(0);
  #stamps = new BigUint64Array(0);

  begin(slots: number): void {
    if (this.#stamps.length < slots) {
      this.#stamps = new BigUint64Array(slots);
      this.#marked = new Uint32Array(4 * slots);
    }
    this.#stamps.fill(0n);
    this.#marked.fill(0);
  }

  mark(slot: number): void {
    readMonotonicRaw(this.#time);
    this.#marked.set(this.#words, 4 * slot);
  }

  read(): BigUint64Array {
    const times = new BigUint64Array(this.#marked.buffer);
    for (let slot = 0; slot < this.#stamps.length; slot++) {
      this.#stamps[slot] = (times[2 * slot] as bigint) * 1_000_000_000n + (times[2 * slot + 1] as bigint);
    }
    return this.#stamps;
  }

  /** Nobody knows. */
  wakings(): BigUint64Array {
    return new BigUint64Array(this.#stamps.length);
  }
}
