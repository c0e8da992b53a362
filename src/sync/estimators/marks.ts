/**
 * Limits on the offset of one clock, of all its measurements, in the order in which they were found. Sessions are long:
 * one column for each of their properties.
 */
export class Marks {
  readonly times: Float64Array;
  readonly values: Float64Array;
  /** Counts up; measurements of several CPUs of one clock that follow one another belong to one round. */
  readonly rounds: Uint32Array;
  readonly #uppers: Uint8Array;
  #count = 0;

  constructor(most: number) {
    this.times = new Float64Array(most);
    this.values = new Float64Array(most);
    this.rounds = new Uint32Array(most);
    this.#uppers = new Uint8Array(most);
  }

  get count(): number {
    return this.#count;
  }

  /** Limits from above; else from below. */
  isUpper(at: number): boolean {
    return this.#uppers[at] === 1;
  }

  add(round: number, isUpper: boolean, time: number, value: number): void {
    const at = this.#count++;
    this.times[at] = time;
    this.values[at] = value;
    this.rounds[at] = round;
    this.#uppers[at] = Number(isUpper);
  }

  /** Puts one of them in the place of an earlier one. */
  move(from: number, to: number): void {
    this.times[to] = this.times[from] as number;
    this.values[to] = this.values[from] as number;
    this.rounds[to] = this.rounds[from] as number;
    this.#uppers[to] = this.#uppers[from] as number;
  }

  /** Leaves only the first ones. */
  cut(count: number): void {
    this.#count = count;
  }
}
