import type { SortKey } from '../protocol.ts';
import type { Lane } from './lane.ts';
import { countBefore, Merge, placesAt, rankOf, type TimeList, totalOf } from './merged-order.ts';
import type { EventPlace } from './row-source.ts';

/** Some events of a lane, ascending; undefined: all of them. */
export type Chosen = Uint32Array | undefined;

/** What rows are sorted by besides time: equal ones have equal numbers, from 0 on and below `count`. */
export interface RowKeys {
  readonly count: number;
  keyOf(lane: number, event: number): number;
}

interface ChosenList extends TimeList {
  eventAt(place: number): number;
}

/** Events of all lanes in an order, without a list of them as long as it is that of time. */
export class RowOrder {
  readonly total: number;
  readonly #lists: readonly ChosenList[];
  /** Where the events of each list begin when all are numbered. */
  readonly #offsets: number[] = [];
  readonly #sorted = new Map<SortKey, Uint32Array>();
  readonly #keys: (sort: Exclude<SortKey, 'time'>) => RowKeys;

  /** @param keys made when an order is first asked for */
  constructor(
    lanes: readonly Lane[],
    chosen: readonly Chosen[] | undefined,
    keys: (sort: Exclude<SortKey, 'time'>) => RowKeys,
  ) {
    this.#lists = lanes.map(({ events }, i) => listOf(events, chosen && (chosen[i] ?? new Uint32Array(0))));
    this.total = totalOf(this.#lists);
    let offset = 0;
    for (const { length } of this.#lists) {
      this.#offsets.push(offset);
      offset += length;
    }
    this.#keys = keys;
  }

  /** Some rows from one on; fewer at the end. */
  places(sort: SortKey, descending: boolean, from: number, count: number): EventPlace[] {
    const first = Math.max(0, Math.min(from, this.total));
    const length = Math.max(0, Math.min(count, this.total - first));
    // Backwards, the same rows forwards, turned around.
    const start = descending ? this.total - first - length : first;
    const places = sort === 'time' ? this.#byTime(start, length) : this.#bySort(sort, start, length);
    return descending ? places.reverse() : places;
  }

  /** Index of the first event at or after a time; past the last row where there is none. */
  indexAt(sort: SortKey, descending: boolean, time: number): number {
    const rank = rankOf(this.#lists, time);
    if (rank === this.total) return descending ? 0 : this.total;
    const index = sort === 'time' ? rank : this.#indexOf(sort, rank);
    return descending ? this.total - 1 - index : index;
  }

  #byTime(start: number, length: number): EventPlace[] {
    const merge = new Merge(this.#lists, placesAt(this.#lists, start));
    const places: EventPlace[] = [];
    while (places.length < length && merge.next()) {
      places.push({ lane: merge.list, event: this.#lists[merge.list]!.eventAt(merge.place) });
    }
    return places;
  }

  #bySort(sort: Exclude<SortKey, 'time'>, start: number, length: number): EventPlace[] {
    const numbers = this.#numbers(sort).subarray(start, start + length);
    return Array.from(numbers, (number) => {
      let lane = this.#offsets.length - 1;
      while (this.#offsets[lane]! > number) lane--;
      return { lane, event: this.#lists[lane]!.eventAt(number - this.#offsets[lane]!) };
    });
  }

  /** Where the event stands in an order that has a rank in that of time. */
  #indexOf(sort: Exclude<SortKey, 'time'>, rank: number): number {
    const merge = new Merge(this.#lists, placesAt(this.#lists, rank));
    merge.next();
    return this.#numbers(sort).indexOf(this.#offsets[merge.list]! + merge.place);
  }

  /** All events in an order, by their numbers: sorted by counting, so that those of one key stay in that of time. */
  #numbers(sort: Exclude<SortKey, 'time'>): Uint32Array {
    const known = this.#sorted.get(sort);
    if (known !== undefined) return known;
    const { count, keyOf } = this.#keys(sort);
    const next = new Uint32Array(count + 1);
    for (const [lane, list] of this.#lists.entries()) {
      for (let place = 0; place < list.length; place++) next[keyOf(lane, list.eventAt(place)) + 1]!++;
    }
    for (let key = 1; key <= count; key++) next[key]! += next[key - 1]!;
    const numbers = new Uint32Array(this.total);
    const merge = new Merge(this.#lists, new Uint32Array(this.#lists.length));
    while (merge.next()) {
      const key = keyOf(merge.list, this.#lists[merge.list]!.eventAt(merge.place));
      numbers[next[key]!++] = this.#offsets[merge.list]! + merge.place;
    }
    // Each is as large as a column of times: one is enough.
    this.#sorted.clear();
    this.#sorted.set(sort, numbers);
    return numbers;
  }
}

function listOf(events: Lane['events'], chosen: Chosen): ChosenList {
  const { length } = events;
  if (chosen === undefined) return { length, timeAt: (place) => events.timeAt(place), eventAt: (place) => place };
  return {
    length: countBefore({ length: chosen.length, timeAt: (place) => chosen[place]! }, length, false),
    timeAt: (place) => events.timeAt(chosen[place]!),
    eventAt: (place) => chosen[place]!,
  };
}
