import type { EventRecord } from '../../../src/format/record.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { UNKNOWN_PID } from '../../../src/tracks/types.ts';
import type { EventDetails, Row } from '../protocol.ts';
import { EventTexts } from './event-texts.ts';
import type { Lane } from './lane.ts';
import { LaneReader } from './lane-reader.ts';
import { countBefore } from './merged-order.ts';

/** An event: the place of its lane among all, and its own in the lane. */
export interface EventPlace {
  readonly lane: number;
  readonly event: number;
}

const MOST_CACHED = 20_000;
/** What a report says of an event whose type the file does not describe. */
const UNKNOWN_NAME = '(NULL)';
const UNKNOWN_TEXT = '[UNKNOWN EVENT]';

type RowOfNoSet = Omit<Row, 'index'>;

/** Makes rows of single events, which it reads from their files. */
export class RowSource {
  readonly #lanes: readonly Lane[];
  readonly #readers: readonly LaneReader[];
  readonly #texts: EventTexts;
  readonly #cache = new Map<string, RowOfNoSet>();
  /** The event that is being written. */
  #current: EventPlace = { lane: 0, event: 0 };
  /** Readers stand on one event at a time: whoever reads waits for those before. */
  #turn: Promise<unknown> = Promise.resolve();

  /** @param lanes in the order in which events of the same time go */
  constructor(files: readonly ReportFile[], lanes: readonly Lane[]) {
    this.#lanes = lanes;
    this.#readers = lanes.map((lane) => new LaneReader(lane));
    this.#texts = new EventTexts(files, { peek: () => this.#next(), skip: () => {} });
  }

  /** Rows of events, in the order in which they are named. */
  rows(places: readonly EventPlace[]): Promise<RowOfNoSet[]> {
    return this.#inTurn(async () => {
      const rows: RowOfNoSet[] = [];
      // Files are read forwards.
      const order = [...places.keys()].sort(
        (a, b) => places[a]!.lane - places[b]!.lane || places[a]!.event - places[b]!.event,
      );
      for (const at of order) rows[at] = await this.#row(places[at]!);
      return rows;
    });
  }

  details(place: EventPlace): Promise<Omit<EventDetails, 'row'> & { readonly row: RowOfNoSet }> {
    return this.#inTurn(async () => {
      const row = await this.#row(place);
      const lane = this.#lanes[place.lane]!;
      const record = await this.#readers[place.lane]!.read(place.event);
      this.#current = place;
      const { buffer } = lane.place;
      const stamp = lane.stampOf(record);
      const { fields = {} } = this.#texts.event(buffer, record, stamp);
      return {
        row,
        line: this.#texts.line(buffer, record, stamp),
        fields: Object.entries(fields).map(([name, value]) => ({ name, value: fieldText(value) })),
        bytes: record.bytes.slice(record.start, record.end),
      };
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  async #row(place: EventPlace): Promise<RowOfNoSet> {
    const key = `${place.lane}:${place.event}`;
    const known = this.#cache.get(key);
    if (known !== undefined) return known;
    const lane = this.#lanes[place.lane]!;
    const record = await this.#readers[place.lane]!.read(place.event);
    this.#current = place;
    const stamp = lane.stampOf(record);
    const { pid, comm, bound, lost, system, event, text } = this.#texts.event(lane.place.buffer, record, stamp);
    const row: RowOfNoSet = {
      track: lane.place.track,
      event: place.event,
      time: lane.events.timeAt(place.event),
      stamp: String(stamp),
      pid: pid ?? UNKNOWN_PID,
      task: comm ?? '',
      system: system ?? '',
      name: event ?? UNKNOWN_NAME,
      text: event === null ? UNKNOWN_TEXT : (text ?? ''),
      bound: bound ?? undefined,
      lost: lost ?? 0,
    };
    if (this.#cache.size >= MOST_CACHED) this.#cache.clear();
    this.#cache.set(key, row);
    return row;
  }

  /**
   * What follows the current event in its buffer, if that is in its own lane. Texts ask for it to show a call and its
   * end in one; an event of another CPU never is that end.
   */
  #next(): EventRecord | undefined {
    const { lane: at, event } = this.#current;
    const lane = this.#lanes[at]!;
    if (event + 1 >= lane.events.length) return undefined;
    const time = lane.events.timeAt(event);
    const next = lane.events.timeAt(event + 1);
    for (const [i, { place, events }] of this.#lanes.entries()) {
      if (i === at || place.buffer !== lane.place.buffer) continue;
      const other = countBefore(events, time, i < at);
      if (other === events.length) continue;
      const otherTime = events.timeAt(other);
      if (otherTime < next || (otherTime === next && i < at)) return undefined;
    }
    return this.#readers[at]!.peek();
  }
}

/** Texts as they are, numbers and lists of numbers as JSON has them. */
const fieldText = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
