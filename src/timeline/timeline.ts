import { compareHalves } from '../base/u64.ts';
import type { EventRecord } from '../format/record.ts';
import { STREAM_END, STREAM_LOAD, STREAM_RECORD } from '../trace-file/stream-types.ts';
import { Lane, type TimelineEntry, type TimelineInput } from './lane.ts';
import { LaneHeap } from './lane-heap.ts';
import type { TimeRange } from './raw-range.ts';

/**
 * The events of many streams in the order of their corrected times; at the same time the input named first goes
 * first. `next` never waits, so that a loop over millions of events has no promises in it:
 *
 *     await timeline.fill();
 *     while (!timeline.ended) {
 *       for (let entry = timeline.next(); entry; entry = timeline.next()) show(entry);
 *       await timeline.fill();
 *     }
 */
export class Timeline<Input extends TimelineInput> {
  readonly #lanes: readonly Lane<Input>[];
  readonly #heap = new LaneHeap<Input>();
  /** Lanes whose next event is not known before something is loaded. */
  #waiting: Lane<Input>[];
  /** The lane that stands on the entry delivered last. */
  #current: Lane<Input> | undefined;
  /** The lane whose event `peekAmong` found. */
  #peeked: Lane<Input> | undefined;

  constructor(inputs: readonly Input[]) {
    this.#lanes = inputs.map((input, rank) => new Lane(input, rank));
    this.#waiting = [...this.#lanes];
  }

  /** Delivers only events whose corrected time is in a range, from its beginning on. Before anything else. */
  async limitTo(range: TimeRange): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.limitTo(range)));
  }

  /** The next event; undefined where `fill` is needed first, or at the end. */
  next(): TimelineEntry<Input> | undefined {
    const heap = this.#heap;
    const current = this.#current;
    if (current !== undefined) {
      const state = current.step();
      if (state === STREAM_RECORD) heap.firstMoved();
      else {
        heap.removeFirst();
        if (state === STREAM_LOAD) this.#waiting.push(current);
      }
    }
    this.#current = this.#waiting.length > 0 ? undefined : heap.first;
    if (this.#current?.isSkipped) {
      this.#current.isSkipped = false;
      return this.next();
    }
    return this.#current;
  }

  /** Loads what `next` needs to go on: all streams that wait for something, side by side. */
  async fill(): Promise<void> {
    const waiting = this.#waiting;
    const states = await Promise.all(waiting.map((lane) => lane.stepLoading()));
    this.#waiting = [];
    for (const [i, lane] of waiting.entries()) if (states[i] !== STREAM_END) this.#heap.add(lane);
  }

  /** There are no more events. */
  get ended(): boolean {
    return this.#waiting.length === 0 && this.#heap.first === undefined;
  }

  /**
   * The event that comes after the current one in some of the streams, its own among them: the earliest by its own
   * time, of equal ones that of the first stream. Raw. The current stream's is there whether it is wanted or not, the
   * others' only if it is. Needs streams with lookahead.
   */
  peekAmong(belongs: (input: Input) => boolean): EventRecord | undefined {
    let found: { readonly record: EventRecord; readonly hi: number; readonly lo: number } | undefined;
    this.#peeked = undefined;
    for (const lane of this.#lanes) {
      if (!belongs(lane.input)) continue;
      const next = lane === this.#current || lane.isSkipped ? lane.peek() : lane.isOver ? undefined : lane;
      if (next === undefined || (found && compareHalves(next.hi, next.lo, found.hi, found.lo) >= 0)) continue;
      found = next;
      this.#peeked = lane;
    }
    return found?.record;
  }

  /** Leaves out the event that `peekAmong` found. */
  skipPeeked(): void {
    const peeked = this.#peeked;
    if (peeked === undefined) return;
    if (peeked === this.#current || peeked.isSkipped) peeked.skipNext();
    else peeked.isSkipped = true;
  }

  /** How many events there are, in no order: cheaper than `next`. Uses them up; instead of `fill` and `next`. */
  async count(): Promise<number> {
    const counts = await Promise.all(this.#lanes.map((lane) => lane.count()));
    return counts.reduce((sum, count) => sum + count, 0);
  }
}
