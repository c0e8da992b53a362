import { MOST_DRIFT } from '../../time/drift.ts';
import type { Marks } from './marks.ts';

/** What stamps of different CPUs of one clock can contradict each other, in units. */
const TOLERANCE = 200;

/** Between two steps of the clocks: marks from a place on, until before another one. */
export interface Segment {
  readonly from: number;
  readonly to: number;
}

/**
 * Parts in which no mark contradicts another. A clock that steps leaves marks behind that no drift explains. Marks for
 * which it is not certain whether they came before or after a step are in no part, and a few that contradict everything
 * around them are taken out of the list. `fewest`: so many marks are not a few any more.
 */
export function segmentsOf(marks: Marks, fewest: number): Segment[] {
  const starts = takeOutStrays(marks, fewest);
  return starts.map((from, i) => segment(marks, from, starts[i + 1]));
}

/** Follows what the marks so far leave possible, as it widens with time. */
class Tracker {
  readonly #marks: Marks;
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #time: number | undefined;

  constructor(marks: Marks) {
    this.#marks = marks;
  }

  /** Takes a mark in. False when it contradicts those before it; then it is not taken in. */
  admits(at: number): boolean {
    const time = this.#marks.times[at] as number;
    const value = this.#marks.values[at] as number;
    const isUpper = this.#marks.isUpper(at);
    const slack = this.#time === undefined ? 0 : MOST_DRIFT * Math.abs(time - this.#time);
    const low = this.#low - slack;
    const high = this.#high + slack;
    if (isUpper ? value < low - TOLERANCE : value > high + TOLERANCE) return false;
    this.#time = time;
    this.#low = isUpper ? low : Math.max(low, value);
    this.#high = isUpper ? Math.min(high, value) : high;
    return true;
  }
}

/** Where segments start: at the marks that contradict those since the last start. Of segments of a few, nothing is left. */
function takeOutStrays(marks: Marks, fewest: number): number[] {
  const starts: number[] = [];
  let kept = 0;
  let before: Tracker | undefined;
  let tracker: Tracker | undefined;
  const isFew = (): boolean => kept - (starts[starts.length - 1] ?? 0) < fewest;
  for (let at = 0; at < marks.count; at++) {
    if (tracker?.admits(at) !== true) {
      if (tracker && isFew()) {
        // The segment before it, if there is one, may go on.
        kept = starts.pop() as number;
        tracker = before;
      }
      if (tracker?.admits(at) !== true) {
        before = tracker;
        tracker = new Tracker(marks);
        tracker.admits(at);
        starts.push(kept);
      }
    }
    marks.move(at, kept++);
  }
  if (starts.length > 1 && isFew()) kept = starts.pop() as number;
  marks.cut(kept);
  return starts;
}

/** Looks back from behind the end of a segment: what contradicts that came before the step, what comes after it may not have. */
function segment(marks: Marks, from: number, next: number | undefined): Segment {
  if (next === undefined) return { from, to: marks.count };
  const tracker = new Tracker(marks);
  for (let at = contradictionAfter(marks, next) - 1; at >= next; at--) tracker.admits(at);
  let to = next;
  while (to > from && tracker.admits(to - 1)) to--;
  return { from, to: Math.max(to, from + 1) };
}

/** So far ahead, at most, a step's other side is looked at. */
const LOOKAHEAD = 256;

function contradictionAfter(marks: Marks, start: number): number {
  const end = Math.min(marks.count, start + LOOKAHEAD);
  const tracker = new Tracker(marks);
  for (let at = start; at < end; at++) {
    if (!tracker.admits(at)) return at;
  }
  return end;
}
