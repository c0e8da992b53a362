import { MOST_DRIFT } from '../../time/drift.ts';
import type { Limit } from './corridor.ts';
import type { Observation } from './observations.ts';

/** What stamps of different CPUs of one clock can contradict each other, in units. */
const TOLERANCE = 200;

/** A bound, in the order in which it was found. */
export interface Mark extends Limit {
  readonly round: number;
  /** From above; else from below. */
  readonly isUpper: boolean;
}

/** Between two steps of the clocks. */
export interface Segment {
  readonly marks: readonly Mark[];
}

/**
 * Parts in which no bound contradicts another. A clock that steps leaves bounds behind that no drift explains. Bounds
 * for which it is not certain whether they came before or after a step are left out, and so are a few that contradict
 * everything around them. `fewest`: so many bounds are not a few any more.
 */
export function segmentsOf(observations: readonly Observation[], fewest: number): Segment[] {
  let marks = observations.flatMap(marksOf);
  for (;;) {
    const starts = contradictions(marks);
    const lengths = starts.map((start, i) => (starts[i + 1] ?? marks.length) - start);
    const stray = lengths.findIndex((length) => length < fewest);
    if (stray === -1 || lengths.length === 1) return starts.map((start, i) => segment(marks, start, starts[i + 1]));
    const start = starts[stray] as number;
    marks = [...marks.slice(0, start), ...marks.slice(start + (lengths[stray] as number))];
  }
}

/** In the order of the burst: a clock that steps back has times in another one. */
function marksOf({ round, upper, lower }: Observation): Mark[] {
  const byPlace = [
    ...upper.map((limit) => ({ ...limit, round, isUpper: true })),
    ...lower.map((limit) => ({ ...limit, round, isUpper: false })),
  ];
  return byPlace.sort((a, b) => a.place - b.place);
}

/** Follows what the bounds so far leave possible, as it widens with time. */
class Tracker {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;
  #time: number | undefined;

  /** Takes a bound in. False when it contradicts those before it; then it is not taken in. */
  admits({ time, value, isUpper }: Mark): boolean {
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

/** Where segments start: at the bounds that contradict those since the last start. */
function contradictions(marks: readonly Mark[]): number[] {
  const starts: number[] = [];
  let tracker = new Tracker();
  for (const [i, mark] of marks.entries()) {
    if (i > 0 && tracker.admits(mark)) continue;
    starts.push(i);
    tracker = new Tracker();
    tracker.admits(mark);
  }
  return starts;
}

/** Looks back from behind the end of a segment: what contradicts that came before the step, what comes after it may not have. */
function segment(marks: readonly Mark[], start: number, next: number | undefined): Segment {
  const own = marks.slice(start, next);
  if (next === undefined) return { marks: own };
  const tracker = new Tracker();
  const ahead = contradictionAfter(marks, next);
  for (let i = ahead - 1; i >= next; i--) tracker.admits(marks[i] as Mark);
  let end = own.length;
  while (end > 0 && tracker.admits(own[end - 1] as Mark)) end--;
  return { marks: own.slice(0, Math.max(end, 1)) };
}

/** So far ahead, at most, a step's other side is looked at. */
const LOOKAHEAD = 256;

function contradictionAfter(marks: readonly Mark[], start: number): number {
  const tracker = new Tracker();
  for (let i = start; i < Math.min(marks.length, start + LOOKAHEAD); i++) {
    if (!tracker.admits(marks[i] as Mark)) return i;
  }
  return Math.min(marks.length, start + LOOKAHEAD);
}
