import { TandemError } from '../base/errors.ts';
import { pinThread, setRealTimePriority } from '../kernel/libc.ts';
import { allowedCpus, setUsualPriority } from '../kernel/sampling-calls.ts';

const LOWEST_REAL_TIME = 1;

/** Where, and how urgently, the calling thread runs. */
export class SamplingThread {
  readonly #allowed = allowedCpus();
  #mayHurry = true;

  /** Stays on one CPU until `unpin`. Returns why not, where that is impossible. */
  pin(cpu: number): string | undefined {
    try {
      pinThread([cpu]);
      return undefined;
    } catch (error) {
      if (error instanceof TandemError) return error.message;
      throw error;
    }
  }

  unpin(): void {
    pinThread(this.#allowed);
  }

  /**
   * Goes ahead of all ordinary threads until `relax`: on a busy machine it would wait for its turn for milliseconds.
   * Returns whether that is allowed.
   */
  hurry(): boolean {
    if (!this.#mayHurry) return false;
    try {
      setRealTimePriority(LOWEST_REAL_TIME);
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.#mayHurry = false;
    }
    return this.#mayHurry;
  }

  relax(): void {
    if (this.#mayHurry) setUsualPriority();
  }
}
