import { Corridor, type Limit } from '../../sync/estimators/corridor.ts';
import { knotsOf } from '../../sync/estimators/knots.ts';
import { runAtOrAfter } from '../../sync/runs/runs.ts';
import { lowerBound, type Track } from '../../sync/runs/track.ts';
import { MOST_DRIFT } from '../../time/drift.ts';
import type { Found, Stretch } from './follow.ts';

/** A bend of the offset's line: guest time, offset (as in Found), and how far the truth can be from it. */
export interface Knot {
  readonly time: number;
  readonly value: number;
  readonly bound: number;
}

/** What the events of a stretch say of the offset: all of it, from both sides. */
export interface Constraints {
  readonly upper: readonly Limit[];
  readonly lower: readonly Limit[];
}

/**
 * The constraints of a stretch: each event in its run, which the votes have told, bounds the offset by the run's ends.
 * `rate` and `start`: of the line that was followed.
 */
export function constraintsOf(tracks: readonly Track[], stretch: Stretch, rate: number, start: number): Constraints {
  const upper: Limit[] = [];
  const lower: Limit[] = [];
  for (const { from, to, low, high } of stretch) {
    for (const { times, runs } of tracks) {
      const first = lowerBound(times, from);
      const last = lowerBound(times, to);
      for (let j = first; j < last; j++) {
        const time = times[j] as number;
        const at = time + rate * (time - start);
        const k = runAtOrAfter(runs, at + low);
        // Where the vote left several runs to choose from, the event says nothing.
        if (runAtOrAfter(runs, at + high) !== k) continue;
        const least = (runs.starts[k] as number) - at;
        const most = (runs.ends[k] as number) - at;
        if (least > high || most < low) continue;
        if (most !== Number.POSITIVE_INFINITY) upper.push({ time, value: most });
        if (least !== Number.NEGATIVE_INFINITY) lower.push({ time, value: least });
      }
    }
  }
  return { upper, lower };
}

/** Knots of a stretch that is a straight line. */
const LINE_KNOTS = 9;

export interface RelationSettings {
  /** Both clocks count the same crystal's ticks: no drift. */
  readonly sameCrystal: boolean;
}

/** The knots of a stretch: of one straight line where one keeps all constraints, else bent as little as they demand. */
export function knotsOfStretch(
  stretch: Stretch,
  constraints: Constraints,
  settings: RelationSettings,
): Knot[] | undefined {
  const { upper, lower } = constraints;
  if (upper.length === 0 || lower.length === 0) return undefined;
  const corridor = new Corridor(upper, lower);
  const span = spanOf(stretch);
  if (settings.sameCrystal && corridor.width(0) >= 0) return lineKnots(corridor, span, 0, 0, 0);
  const widest = corridor.widest(-MOST_DRIFT, MOST_DRIFT);
  // Of clocks that may as well not drift, nothing says that they do.
  const slope = corridor.width(0) >= corridor.width(widest) / 2 ? 0 : widest;
  if (corridor.width(slope) >= 0) return lineKnots(corridor, span, slope, -MOST_DRIFT, MOST_DRIFT);
  return bentKnots(stretch, constraints);
}

interface Span {
  readonly from: number;
  readonly to: number;
}

function spanOf(stretch: Stretch): Span {
  const [first, last] = [stretch[0] as Found, stretch[stretch.length - 1] as Found];
  return { from: Math.floor(first.from), to: Math.ceil(last.to) };
}

/** The line in the middle of what is possible, its bounds by all lines that are. */
function lineKnots(corridor: Corridor, { from, to }: Span, slope: number, least: number, most: number): Knot[] {
  const middle = (corridor.top(from, slope) + corridor.bottom(from, slope)) / 2;
  const count = to > from + LINE_KNOTS ? LINE_KNOTS : 2;
  return Array.from({ length: count }, (_, i) => {
    const time = Math.round(from + ((to - from) * i) / (count - 1));
    const value = middle + slope * (time - from);
    const range = least === most ? sideRange(corridor, time, slope) : corridor.range(time, least, most);
    const { low, high } = range ?? sideRange(corridor, time, slope);
    return { time, value, bound: Math.max(high - value, value - low, 0) };
  });
}

function sideRange(corridor: Corridor, time: number, slope: number): { low: number; high: number } {
  return { low: corridor.bottom(time, slope), high: corridor.top(time, slope) };
}

const MOST_REPAIRS = 10_000;

/** Of clocks that wander: a knot per block, and more where lines between knots would break a constraint. */
function bentKnots(stretch: Stretch, { upper, lower }: Constraints): Knot[] | undefined {
  const rounds = stretch.map(({ time, low, high }) => ({ time, low, high, noise: (high - low) / 8 }));
  let knots = knotsOf(rounds).map((knot, i) => widened({ ...knot, time: Math.round(knot.time) }, stretch, i));
  for (let repairs = 0; repairs < MOST_REPAIRS; repairs++) {
    const broken = worstBroken(knots, upper, 1) ?? worstBroken(knots, lower, -1);
    if (!broken) return knots;
    const { bound } = nearestKnot(knots, broken.time);
    const width = Math.min(bound / 4, 1);
    const value = broken.value - broken.side * width;
    const other = knots.findIndex(({ time }) => time === broken.time);
    if (other !== -1 && Math.abs((knots[other] as Knot).value - value) < 1e-6) return undefined;
    knots = [...knots.filter(({ time }) => time !== broken.time), { time: broken.time, value, bound }];
    knots.sort((a, b) => a.time - b.time);
  }
  return undefined;
}

/**
 * A knot whose bound is what its own block's events leave possible: how clocks wander is not known better than that.
 * Within the block the offset may change as fast as from the block before to the one behind.
 */
function widened(knot: Knot, stretch: Stretch, i: number): Knot {
  const { low, high, from, to } = stretch[i] as Found;
  const [a, b] = [stretch[Math.max(0, i - 1)] as Found, stretch[Math.min(stretch.length - 1, i + 1)] as Found];
  const change = b.time > a.time ? Math.abs(b.low + b.high - a.low - a.high) / 2 / (b.time - a.time) : 0;
  const own = Math.max(high - knot.value, knot.value - low) + change * (to - from);
  return { ...knot, bound: Math.max(knot.bound, own) };
}

function nearestKnot(knots: readonly Knot[], time: number): Knot {
  return knots.reduce((a, b) => (Math.abs(b.time - time) < Math.abs(a.time - time) ? b : a));
}

/** The limit that the line breaks the most; side 1: an upper one. */
function worstBroken(knots: readonly Knot[], limits: readonly Limit[], side: 1 | -1) {
  let worst: { time: number; value: number; side: 1 | -1 } | undefined;
  let most = 1e-6;
  for (const { time, value } of limits) {
    const beyond = side * (valueAt(knots, time) - value);
    if (beyond <= most) continue;
    most = beyond;
    worst = { time, value, side };
  }
  return worst;
}

/** The line's value at a time; beyond its ends the outermost piece goes on. */
export function valueAt(knots: readonly Knot[], time: number): number {
  let low = 1;
  let high = knots.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((knots[middle] as Knot).time < time) low = middle + 1;
    else high = middle;
  }
  const a = knots[low - 1] as Knot;
  const b = knots[low] ?? a;
  return b.time === a.time ? a.value : a.value + ((b.value - a.value) * (time - a.time)) / (b.time - a.time);
}
