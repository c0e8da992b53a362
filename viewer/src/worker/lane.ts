import type { EventRecord } from '../../../src/format/record.ts';
import type { EventSieve, PlacedRecord } from '../../../src/ring-buffer/record-cursor.ts';
import { Correction, type CorrectionRules } from '../../../src/time/correction.ts';
import type { HostTime } from '../../../src/time/types.ts';
import { RawRange, type TimeRange } from '../../../src/timeline/raw-range.ts';
import { openCpuStream, type PlacedCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { STREAM_END, STREAM_LOAD } from '../../../src/trace-file/stream-types.ts';
import type { TraceBuffer, TraceFile } from '../../../src/trace-file/types.ts';
import { LaneEvents } from './lane-events.ts';
import { NotingStream } from './noting-stream.ts';
import { SubBufferIndex } from './sub-buffer-index.ts';

/** A walk reads much at a time, a look at single events little. */
const WALK_WINDOW_BYTES = 1 << 20;
const LOOK_WINDOW_BYTES = 1 << 14;
const TWO_32 = 0x1_0000_0000;

/** What a lane is made of. */
export interface LanePlace {
  /** Place in `TrackLayout.tracks`. */
  readonly track: number;
  /** Index of its file, and in `TrackLayout.machines`. */
  readonly file: number;
  readonly machine: number;
  readonly trace: TraceFile;
  readonly buffer: TraceBuffer;
  readonly cpu: number;
  readonly rules: CorrectionRules;
  /** Time 0. */
  readonly base: bigint;
  /** Only what happened then is in the lane. */
  readonly range: TimeRange | undefined;
}

/** One CPU of one buffer: its columns, and the way to its events in the file. */
export class Lane {
  readonly place: LanePlace;
  readonly events = new LaneEvents();
  readonly #correction: Correction;
  readonly #baseHi: number;
  readonly #baseLo: number;
  #index: Promise<SubBufferIndex> | undefined;

  constructor(place: LanePlace) {
    this.place = place;
    this.#correction = new Correction(place.cpu, place.rules);
    this.#baseHi = Number(place.base >> 32n);
    this.#baseLo = Number(place.base & 0xffff_ffffn);
  }

  /** The exact time of an event of this lane. */
  stampOf({ tsHi, tsLo }: EventRecord): bigint {
    this.#correction.apply(tsHi, tsLo);
    return (BigInt(this.#correction.outHi) << 32n) | BigInt(this.#correction.outLo);
  }

  /** The same, relative: without allocation. */
  timeOf({ tsHi, tsLo }: EventRecord): number {
    const correction = this.#correction;
    correction.apply(tsHi, tsLo);
    return (correction.outHi - this.#baseHi) * TWO_32 + (correction.outLo - this.#baseLo);
  }

  /** A stream to look at single events, with the event after each. */
  open(): PlacedCpuStream {
    const { trace, buffer, cpu } = this.place;
    return openCpuStream(trace, buffer, cpu, { windowBytes: LOOK_WINDOW_BYTES, lookahead: true });
  }

  /** The range as this lane's raw stamps see it; undefined where all is in it. */
  rawRange(): RawRange | undefined {
    const { range, cpu, rules } = this.place;
    return range && new RawRange(range, new Correction(cpu, rules));
  }

  /**
   * Goes through all events. With a sieve, which must suit its records, through those that pass it.
   * @param visit gets the event's place in the lane, and where its sub-buffer is
   */
  async walk(
    visit: (record: PlacedRecord, event: number, subBufferPosition: number) => void,
    sieve?: EventSieve,
  ): Promise<void> {
    const { trace, buffer, cpu, range } = this.place;
    const stream = openCpuStream(trace, buffer, cpu, { windowBytes: WALK_WINDOW_BYTES, lookahead: false });
    const raw = this.rawRange();
    if (raw !== undefined && range?.from !== undefined) await stream.seek(raw.first);
    // What is out of the range has no place: each event must be seen.
    const used = raw === undefined ? sieve : undefined;
    for (let seen = 0; ; ) {
      const state = stream.advance(used);
      if (state === STREAM_END) return;
      if (state === STREAM_LOAD) await stream.load();
      else {
        const { record } = stream;
        if (raw?.isOver(record.tsHi, record.tsLo)) return;
        if (raw !== undefined && !raw.holds(record.tsHi, record.tsLo)) continue;
        const event = seen++ + (used === undefined ? 0 : stream.passed);
        if (used !== sieve && sieve?.accepts?.(record) === false) continue;
        visit(record, event, stream.subBufferPosition);
      }
    }
  }

  /** The stream, telling as its events pass where they are. All are to pass. */
  noting(stream: PlacedCpuStream): PlacedCpuStream {
    const noting = new NotingStream(stream, this.rawRange());
    this.#index = Promise.resolve(noting.index);
    return noting;
  }

  /** As far as a noting stream went; without one, made in a walk of its own. */
  index(): Promise<SubBufferIndex> {
    this.#index ??= this.#makeIndex();
    return this.#index;
  }

  async #makeIndex(): Promise<SubBufferIndex> {
    const index = new SubBufferIndex();
    let last = -1;
    await this.walk((record, event, position) => {
      if (position === last) return;
      last = position;
      index.add(position, event, record.tsHi, record.tsLo);
    });
    return index;
  }
}

/** A part of the timeline as exact times. */
export function timeRange(base: bigint, { from, to }: { readonly from: number; readonly to: number }): TimeRange {
  return { from: (base + BigInt(Math.round(from))) as HostTime, to: (base + BigInt(Math.round(to))) as HostTime };
}
