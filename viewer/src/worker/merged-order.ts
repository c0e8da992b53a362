/*
 * The order of events of many lanes: by time, then by lane, then by place. No list of all events is made for it.
 */

/** Times of one lane, ascending. */
export interface TimeList {
  readonly length: number;
  timeAt(place: number): number;
}

/** Places of lists, one for each. */
export type Places = Uint32Array;

/** How many times of a list are before a time, or, with `included`, at it as well. */
export function countBefore(list: TimeList, time: number, included: boolean, from = 0, to = list.length): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const found = list.timeAt(middle);
    if (found < time || (included && found === time)) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function totalOf(lists: readonly TimeList[]): number {
  return lists.reduce((sum, { length }) => sum + length, 0);
}

/** How many of all are before a time. */
export function rankOf(lists: readonly TimeList[], time: number): number {
  return lists.reduce((sum, list) => sum + countBefore(list, time, false), 0);
}

/** How many of each list are among the first `rank` of all: where each goes on from there. */
export function placesAt(lists: readonly TimeList[], rank: number): Places {
  const low = new Uint32Array(lists.length);
  const high = Uint32Array.from(lists, ({ length }) => length);
  let wanted = Math.min(rank, totalOf(lists));
  while (wanted > 0) {
    // The middle of the longest remainder halves it, whatever is decided.
    let longest = 0;
    for (let i = 1; i < lists.length; i++) if (high[i]! - low[i]! > high[longest]! - low[longest]!) longest = i;
    const middle = (low[longest]! + high[longest]!) >>> 1;
    const pivot = lists[longest]!.timeAt(middle);
    const before = Uint32Array.from(lists, (list, i) =>
      i === longest ? middle : countBefore(list, pivot, i < longest, low[i], high[i]),
    );
    const count = before.reduce((sum, place, i) => sum + place - low[i]!, 0);
    if (count >= wanted) {
      high.set(before);
    } else {
      low.set(before);
      low[longest] = middle + 1;
      wanted -= count + 1;
    }
  }
  return low;
}

/** Goes through all from some places on. Lists are told apart by their places in `lists`. */
export class Merge {
  /** The current one. */
  list = -1;
  place = 0;
  readonly #lists: readonly TimeList[];
  readonly #places: Places;
  /** Lists that have more, a heap by their next times. */
  readonly #heap: number[] = [];
  readonly #next: Float64Array;

  constructor(lists: readonly TimeList[], places: Places) {
    this.#lists = lists;
    this.#places = places;
    this.#next = new Float64Array(lists.length);
    for (const [i, list] of lists.entries()) {
      if (places[i]! >= list.length) continue;
      this.#next[i] = list.timeAt(places[i]!);
      this.#heap.push(i);
    }
    for (let at = (this.#heap.length >> 1) - 1; at >= 0; at--) this.#sink(at);
  }

  /** False at the end. */
  next(): boolean {
    const heap = this.#heap;
    const [first] = heap;
    if (first === undefined) return false;
    const list = this.#lists[first]!;
    this.list = first;
    this.place = this.#places[first]!;
    const following = this.place + 1;
    this.#places[first] = following;
    if (following < list.length) this.#next[first] = list.timeAt(following);
    else {
      const last = heap.pop()!;
      if (heap.length === 0) return true;
      heap[0] = last;
    }
    this.#sink(0);
    return true;
  }

  #isBefore(a: number, b: number): boolean {
    const timeA = this.#next[a]!;
    const timeB = this.#next[b]!;
    return timeA < timeB || (timeA === timeB && a < b);
  }

  #sink(from: number): void {
    const heap = this.#heap;
    for (let at = from; ; ) {
      let least = at;
      const child = 2 * at + 1;
      if (child < heap.length && this.#isBefore(heap[child]!, heap[least]!)) least = child;
      if (child + 1 < heap.length && this.#isBefore(heap[child + 1]!, heap[least]!)) least = child + 1;
      if (least === at) return;
      const moved = heap[at]!;
      heap[at] = heap[least]!;
      heap[least] = moved;
      at = least;
    }
  }
}
