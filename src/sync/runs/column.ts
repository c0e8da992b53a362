/** A growing list of times: doubles, relative to a base, so that each is exact below 2^53. */
export class Column {
  #values = new Float64Array(1024);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  push(value: number): void {
    if (this.#length === this.#values.length) {
      const grown = new Float64Array(2 * this.#length);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.#length++] = value;
  }

  get last(): number {
    return this.#values[this.#length - 1] as number;
  }

  set last(value: number) {
    this.#values[this.#length - 1] = value;
  }

  pop(): number {
    return this.#values[--this.#length] as number;
  }

  /** All values, not copied: nothing is to be added any more. */
  finish(): Float64Array {
    return this.#values.subarray(0, this.#length);
  }
}
