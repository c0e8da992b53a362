import type { Lane, TimelineInput } from './lane.ts';

/** Lanes by their places, the earliest first: a binary heap. */
export class LaneHeap<Input extends TimelineInput> {
  readonly #lanes: Lane<Input>[] = [];
  /** The earliest lane but the first. */
  #runnerUp: Lane<Input> | undefined;

  get first(): Lane<Input> | undefined {
    return this.#lanes[0];
  }

  add(lane: Lane<Input>): void {
    const lanes = this.#lanes;
    let at = lanes.length;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!lane.isBefore(lanes[parent]!)) break;
      lanes[at] = lanes[parent]!;
      at = parent;
    }
    lanes[at] = lane;
    this.#findRunnerUp();
  }

  /** The first lane went on: it may no longer be the first. */
  firstMoved(): void {
    const first = this.#lanes[0]!;
    const runnerUp = this.#runnerUp;
    if (runnerUp === undefined || first.isBefore(runnerUp)) return;
    this.#sink(first);
    this.#findRunnerUp();
  }

  removeFirst(): void {
    const last = this.#lanes.pop()!;
    if (this.#lanes.length > 0) this.#sink(last);
    this.#findRunnerUp();
  }

  /** Puts a lane in the place of the first, and from there where it belongs. */
  #sink(lane: Lane<Input>): void {
    const lanes = this.#lanes;
    const count = lanes.length;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= count) break;
      if (child + 1 < count && lanes[child + 1]!.isBefore(lanes[child]!)) child++;
      if (lane.isBefore(lanes[child]!)) break;
      lanes[at] = lanes[child]!;
      at = child;
    }
    lanes[at] = lane;
  }

  #findRunnerUp(): void {
    const left = this.#lanes[1];
    const right = this.#lanes[2];
    this.#runnerUp = left !== undefined && right?.isBefore(left) ? right : left;
  }
}
