import { closeDescriptor } from '../kernel/libc.ts';
import { createTimer, setTimer } from '../kernel/sampling-calls.ts';

/** Sooner than the timers of others mostly, and later than it is stopped again: it hardly ever ends. */
const AWAY_NS = 500_000n;

/**
 * Makes the vCPU that the calling thread runs on exit to its hypervisor: the nearest of a CPU's timers is in its timer
 * hardware, and a hypervisor has to hear of it when that changes.
 */
export class ExitTimer {
  readonly #fd = createTimer();
  readonly #away = new BigInt64Array([0n, 0n, 0n, AWAY_NS]);
  readonly #never = new BigInt64Array(4);
  #isSet = false;

  constructor() {
    // The first call takes long.
    this.exit();
    this.exit();
  }

  exit(): void {
    this.#isSet = !this.#isSet;
    setTimer(this.#fd, this.#isSet ? this.#away : this.#never);
  }

  close(): void {
    closeDescriptor(this.#fd);
  }
}
