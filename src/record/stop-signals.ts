const STOPPING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** The signals that end a recording. From its making on they do not end the program. */
export class StopSignals {
  #count = 0;
  readonly #waiting = new Set<{ readonly count: number; readonly told: (signal: NodeJS.Signals) => void }>();
  #last: NodeJS.Signals = 'SIGINT';
  readonly #arrive = (signal: NodeJS.Signals): void => {
    this.#count++;
    this.#last = signal;
    for (const waiter of this.#waiting) {
      if (this.#count < waiter.count) continue;
      this.#waiting.delete(waiter);
      waiter.told(signal);
    }
  };

  constructor() {
    for (const signal of STOPPING) process.on(signal, this.#arrive);
  }

  /** How many came so far. */
  get count(): number {
    return this.#count;
  }

  /** Resolves at the first, second, ... of them. */
  nth(count: number): Promise<NodeJS.Signals> {
    if (this.#count >= count) return Promise.resolve(this.#last);
    return new Promise((told) => this.#waiting.add({ count, told }));
  }

  /** From now on they end the program again. */
  release(): void {
    for (const signal of STOPPING) process.off(signal, this.#arrive);
  }
}
