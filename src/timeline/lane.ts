import { compareHalves, ZERO_HALF } from '../base/u64.ts';
import type { EventRecord } from '../format/record.ts';
import type { EventSieve, PlacedRecord } from '../ring-buffer/record-cursor.ts';
import type { Correction } from '../time/correction.ts';
import {
  type CpuStream,
  STREAM_END,
  STREAM_LOAD,
  STREAM_RECORD,
  type StreamState,
} from '../trace-file/stream-types.ts';
import { RawRange, type TimeRange } from './raw-range.ts';

/** One stream of a timeline. Callers add what they need for an event's line. */
export interface TimelineInput {
  /** At its beginning; of this timeline alone. */
  readonly stream: CpuStream;
  /** Of this input alone. */
  readonly correction: Correction;
  /** Events that it refuses are passed over before anything else is done with them. It sees raw stamps. */
  readonly accepts?: ((record: EventRecord) => boolean) | undefined;
  /** As those of an EventSieve: what `accepts` refuses, or what need not be delivered, known by its event id. */
  readonly unwanted?: Uint8Array | undefined;
}

/** What a timeline delivers: valid until the timeline goes on. */
export interface TimelineEntry<Input extends TimelineInput> {
  readonly input: Input;
  /** With the raw stamp. */
  readonly record: PlacedRecord;
  /** Corrected time in halves. */
  readonly hi: number;
  readonly lo: number;
}

/**
 * One stream's place in the merge. It stands where its event's corrected time says, but never before an event of its
 * own that came earlier: where times go back within a CPU, the order of the ring buffer counts, as in trace-cmd.
 */
export class Lane<Input extends TimelineInput> implements TimelineEntry<Input> {
  readonly input: Input;
  readonly record: PlacedRecord;
  hi = 0;
  lo = ZERO_HALF;
  /** The latest corrected time so far, and, of lanes that stand at the same one, which goes first. */
  placeHi = 0;
  placeLo = ZERO_HALF;
  readonly rank: number;

  readonly #stream: CpuStream;
  readonly #correction: Correction;
  readonly #accepts: TimelineInput['accepts'];
  /** There is no current event: the stream has ended. */
  isOver = false;
  /** The current event will be left out. */
  isSkipped = false;
  #range: RawRange | undefined;
  #skipNext = false;
  /** Where it suffices to know the latest stamp of what is passed over, the stream does what `#accepts` is for. */
  #sieve: EventSieve | undefined;
  /** The latest raw stamp that was passed over without being corrected. */
  #passedHi = 0;
  #passedLo = ZERO_HALF;

  constructor(input: Input, rank: number) {
    this.input = input;
    this.record = input.stream.record;
    this.rank = rank;
    this.#stream = input.stream;
    this.#correction = input.correction;
    this.#accepts = input.accepts;
    const { unwanted, accepts, correction } = input;
    this.#sieve = unwanted !== undefined && correction.isRising ? { unwanted, accepts } : undefined;
  }

  /** Delivers only what is in a range. Before the first step. */
  async limitTo(range: TimeRange): Promise<void> {
    // What is out of the range ends the stream, or does not count: each event must be seen.
    this.#sieve = undefined;
    this.#range = new RawRange(range, this.#correction);
    if (range.from !== undefined) await this.#stream.seek(this.#range.first);
  }

  isBefore(other: Lane<Input>): boolean {
    const order = compareHalves(this.placeHi, this.placeLo, other.placeHi, other.placeLo);
    return order < 0 || (order === 0 && this.rank < other.rank);
  }

  /** Goes to the next event that is wanted, with its corrected time and place. */
  step(): StreamState {
    const state = this.#advance();
    if (state === STREAM_END) this.isOver = true;
    if (state === STREAM_RECORD) {
      const { tsHi, tsLo } = this.record;
      this.#pass(this.#stream.passedHi, this.#stream.passedLo);
      if (compareHalves(this.#passedHi, this.#passedLo, tsHi, tsLo) > 0) this.#place(this.#passedHi, this.#passedLo);
      this.#place(tsHi, tsLo);
    }
    return state;
  }

  /** Like `step`, but loads until it knows. */
  async stepLoading(): Promise<StreamState> {
    for (;;) {
      const state = this.step();
      if (state !== STREAM_LOAD) return state;
      await this.#stream.load();
    }
  }

  /** The event after the current one, wanted or not, and its corrected time. Needs a stream with lookahead. */
  peek(): { readonly record: EventRecord; readonly hi: number; readonly lo: number } | undefined {
    const record = this.#stream.peek();
    if (record === undefined) return undefined;
    const correction = this.#correction;
    correction.apply(record.tsHi, record.tsLo);
    return { record, hi: correction.outHi, lo: correction.outLo };
  }

  /** The event after the current one will be left out. */
  skipNext(): void {
    this.#skipNext = true;
  }

  /** How many wanted events are left. Uses them up. */
  async count(): Promise<number> {
    if (this.#accepts === undefined && this.#range === undefined) return this.#stream.count();
    for (let count = 0; ; ) {
      const state = this.#advance();
      if (state === STREAM_RECORD) count++;
      else if (state === STREAM_END) return count;
      else await this.#stream.load();
    }
  }

  #advance(): StreamState {
    const { record } = this;
    const accepts = this.#accepts;
    const range = this.#range;
    for (;;) {
      const sieve = this.#skipNext ? undefined : this.#sieve;
      const state = this.#stream.advance(sieve);
      if (state !== STREAM_RECORD || sieve !== undefined) return state;
      if (this.#skipNext) this.#skipNext = false;
      else if (range !== undefined && !range.holds(record.tsHi, record.tsLo)) {
        if (range.isOver(record.tsHi, record.tsLo)) return STREAM_END;
      } else if (accepts === undefined || accepts(record)) return STREAM_RECORD;
      else this.#passOver(record.tsHi, record.tsLo);
    }
  }

  /** Events that are not delivered hold back later ones all the same. */
  #passOver(hi: number, lo: number): void {
    if (this.#correction.isRising) this.#pass(hi, lo);
    else this.#place(hi, lo);
  }

  #pass(hi: number, lo: number): void {
    if (compareHalves(hi, lo, this.#passedHi, this.#passedLo) <= 0) return;
    this.#passedHi = hi;
    this.#passedLo = lo;
  }

  #place(rawHi: number, rawLo: number): void {
    const correction = this.#correction;
    if (correction.isIdentity) {
      this.hi = rawHi;
      this.lo = rawLo;
    } else {
      correction.apply(rawHi, rawLo);
      this.hi = correction.outHi;
      this.lo = correction.outLo;
    }
    if (compareHalves(this.hi, this.lo, this.placeHi, this.placeLo) > 0) {
      this.placeHi = this.hi;
      this.placeLo = this.lo;
    }
  }
}
