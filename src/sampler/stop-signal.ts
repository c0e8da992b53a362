/** Tells a thread that blocks that it shall end. A signal is never lost: it stays set. */
export class StopSignal {
  /** What the threads share. */
  readonly word: Int32Array<SharedArrayBuffer>;

  constructor(word = new Int32Array(new SharedArrayBuffer(4))) {
    this.word = word;
  }

  set(): void {
    Atomics.store(this.word, 0, 1);
    Atomics.notify(this.word, 0);
  }

  get isSet(): boolean {
    return Atomics.load(this.word, 0) === 1;
  }

  /** Blocks until it is set, at most so many ms. Returns whether it is. */
  wait(milliseconds = Number.POSITIVE_INFINITY): boolean {
    return Atomics.wait(this.word, 0, 0, milliseconds) !== 'timed-out';
  }
}
