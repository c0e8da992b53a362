const FIRST_ROOM = 256;

/** Places of events, one after the other. */
export class NumberList {
  length = 0;
  #values = new Uint32Array(FIRST_ROOM);

  add(value: number): void {
    if (this.length === this.#values.length) {
      const larger = new Uint32Array(2 * this.length);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.length++] = value;
  }

  /** All so far, in memory of their own. */
  all(): Uint32Array<ArrayBuffer> {
    return this.#values.slice(0, this.length);
  }
}
