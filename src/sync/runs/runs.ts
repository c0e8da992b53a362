import { Column } from './column.ts';

/**
 * When a vCPU can have run guest code, in host time relative to a base: from starts[k] to ends[k], both included,
 * ascending. A start is a kvm_entry, an end a kvm_exit; only the first start is -Infinity and the last end Infinity,
 * since nothing is known of the time before the first and after the last of these events.
 */
export interface Runs {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Makes runs of the kvm_entry and kvm_exit events of one thread. Where one is missing, the vCPU may have run. */
export class RunsBuilder {
  readonly #starts = new Column();
  readonly #ends = new Column();
  #isOut = false;
  #start = Number.NEGATIVE_INFINITY;

  entered(time: number): void {
    if (this.#isOut) this.#start = time;
    this.#isOut = false;
  }

  exited(time: number): void {
    if (this.#isOut) this.#ends.last = time;
    else {
      this.#starts.push(this.#start);
      this.#ends.push(time);
      this.#isOut = true;
    }
  }

  /** Events of the host are missing: what was last known does not hold any more. */
  lost(): void {
    if (!this.#isOut) return;
    this.#start = this.#starts.pop();
    this.#ends.pop();
    this.#isOut = false;
  }

  finish(): Runs {
    // After the last kvm_exit nothing tells when the next kvm_entry would have been.
    if (this.#isOut) this.lost();
    this.#starts.push(this.#start);
    this.#ends.push(Number.POSITIVE_INFINITY);
    return { starts: this.#starts.finish(), ends: this.#ends.finish() };
  }
}

/** The first run that ends at a time or later; there always is one. */
export function runAtOrAfter({ ends }: Runs, time: number): number {
  let low = 0;
  let high = ends.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ends[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
