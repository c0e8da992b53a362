import { compareHalves, ZERO_HALF } from '../../base/u64.ts';
import type { EventRecord } from '../../format/record.ts';
import type { Ticks } from '../../time/types.ts';
import type { TimeRange } from '../../timeline/raw-range.ts';
import { Timeline } from '../../timeline/timeline.ts';
import type { ComingEvents } from './file-context.ts';
import type { ReportLane } from './lanes.ts';
import type { LostEvents } from './lost-events.ts';
import type { ReportOutput } from './output.ts';

const TWO_32 = 0x1_0000_0000;

/** What a report tells while it goes on. */
export interface ReportListener {
  /** How much of the time that the files span is done, 0 to 1. Called often, between pieces of output. */
  readonly progress?: ((done: number) => void) | undefined;
  /** `--ts-check`: an event that is earlier than the line before. */
  readonly wentBack?: ((cpu: number, before: bigint, now: bigint) => void) | undefined;
}

/** How the writing of events ended. `closed`: nobody reads any more. `again`: see `mustBeginAgain`. */
export type Ending = 'done' | 'closed' | 'again';

/** The events of some lanes, one line each: the loop in which a report spends its time. */
export class EventLines implements ComingEvents {
  /** Set when the lanes turn out to be no good: those who write the events then make other ones, for `again`. */
  mustBeginAgain = false;
  /** How many events have been written. */
  written = 0;
  readonly #output: ReportOutput;
  readonly #listener: ReportListener;
  readonly #checksTimes: boolean;
  readonly #lost: LostEvents;
  readonly #known: number;
  #timeline = new Timeline<ReportLane>([]);
  /** The lane of the event that is being written. */
  #current: ReportLane | undefined;
  /** The time of the last line. */
  #lastHi = 0;
  #lastLo = ZERO_HALF;

  /** `known`: so many events at the beginning were written before, to the same output, and are not written again. */
  constructor(output: ReportOutput, listener: ReportListener, checksTimes: boolean, lost: LostEvents, known = 0) {
    this.#output = output;
    this.#listener = listener;
    this.#checksTimes = checksTimes;
    this.#lost = lost;
    this.#known = known;
  }

  /** Writes all events in a range. */
  async write(lanes: readonly ReportLane[], range: TimeRange): Promise<Ending> {
    const timeline = new Timeline(lanes);
    const output = this.#output;
    this.#timeline = timeline;
    if (range.from !== undefined || range.to !== undefined) await timeline.limitTo(range);
    const progress = this.#listener.progress && (await progressOf(lanes, this.#listener.progress));
    await timeline.fill();
    while (!timeline.ended) {
      this.#writeLoaded(timeline);
      if (this.mustBeginAgain) return 'again';
      if (!output.isFull) await timeline.fill();
      else if (!(await output.flush())) return 'closed';
      progress?.(this.#lastHi, this.#lastLo);
    }
    return this.mustBeginAgain ? 'again' : 'done';
  }

  /** Goes on until something must be loaded or the output is full. No promises here. */
  #writeLoaded(timeline: Timeline<ReportLane>): void {
    const output = this.#output;
    const out = output.writer;
    for (let entry = timeline.next(); entry !== undefined; entry = timeline.next()) {
      const { input, record, hi, lo } = entry;
      if (this.mustBeginAgain) return;
      // A filter that is asked before events are merged counts what was lost itself.
      if (record.missed !== 0 && input.accepts === undefined) this.#lost.add(record);
      if (input.shows !== undefined && !input.shows(record)) continue;
      const isKnown = this.written < this.#known;
      if (this.#checksTimes && !isKnown) this.#checkTime(record, hi, lo);
      this.#current = input;
      this.#lastHi = hi;
      this.#lastLo = lo;
      const before = out.length;
      input.writer.write(out, record, hi, lo);
      if (isKnown) out.truncate(before);
      this.written++;
      if (output.isFull) return;
    }
  }

  #checkTime(record: EventRecord, hi: number, lo: number): void {
    if (compareHalves(this.#lastHi, this.#lastLo, hi, lo) <= 0) return;
    const before = (BigInt(this.#lastHi) << 32n) | BigInt(this.#lastLo);
    this.#listener.wentBack?.(record.cpu, before, (BigInt(hi) << 32n) | BigInt(lo));
  }

  peek(): EventRecord | undefined {
    const buffer = this.#current?.buffer;
    return this.#timeline.peekAmong((lane) => lane.buffer === buffer);
  }

  skip(): void {
    this.#timeline.skipPeeked();
  }
}

/** Turns times into parts of the whole: of the time from the first event of all lanes to the last. */
async function progressOf(
  lanes: readonly ReportLane[],
  tell: (done: number) => void,
): Promise<(hi: number, lo: number) => void> {
  const ends = await Promise.all(lanes.map(async ({ stream }) => [await stream.firstTime(), await stream.lastTime()]));
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const [i, times] of ends.entries()) {
    for (const raw of times) {
      if (raw === undefined) continue;
      const time = Number(lanes[i]?.correction.correct(raw as Ticks));
      first = Math.min(first, time);
      last = Math.max(last, time);
    }
  }
  return (hi, lo) => tell(Math.max(0, Math.min(1, (hi * TWO_32 + lo - first) / Math.max(1, last - first))));
}
