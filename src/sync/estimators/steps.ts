import type { Marks } from './marks.ts';
import type { Segment } from './segments.ts';

/** A sample in relative numbers: whole units of time. */
export interface Knot {
  readonly time: number;
  readonly value: number;
  readonly bound: number;
}

/**
 * The knots of all segments in a row. Each segment reaches as far as its first and last mark. In between, where a
 * clock has stepped at a time that nobody knows, two samples close together keep the step from being drawn out, and
 * their bounds are as wide as it.
 */
export function withSteps(marks: Marks, segments: readonly Segment[], knots: readonly (readonly Knot[])[]): Knot[] {
  let all: Knot[] = [];
  let before: { end: number; knots: readonly Knot[] } | undefined;
  for (const [i, { from: first, to }] of segments.entries()) {
    const own = knots[i] as readonly Knot[];
    if (own.length === 0) continue;
    const times = marks.times.subarray(first, to);
    const start = times.reduce((a, b) => Math.min(a, b));
    if (before) {
      const a = before.knots;
      const from = Math.min(before.end, start - 1);
      const middle = Math.max(from + 1, Math.floor((from + start) / 2));
      const step = Math.abs(lineAt(own, middle).value - lineAt(a, middle).value);
      const wide = (knot: Knot): Knot => ({ ...knot, bound: knot.bound + step });
      const between = [lineAt(a, from), wide(lineAt(a, middle - 1)), wide(lineAt(own, middle)), lineAt(own, start)];
      all = rising([...all.filter(({ time }) => time < from), ...between]);
    }
    const last = all[all.length - 1]?.time ?? Number.NEGATIVE_INFINITY;
    all.push(...own.filter(({ time }) => time > last));
    before = { end: times.reduce((a, b) => Math.max(a, b)), knots: own };
  }
  return all;
}

/** The later one of two with the same time. */
function rising(knots: readonly Knot[]): Knot[] {
  return knots.filter(({ time }, i) => time !== knots[i + 1]?.time);
}

/** The offset by a segment's knots at a time inside or outside of them, as a reader will draw it. */
function lineAt(knots: readonly Knot[], time: number): Knot {
  const next = knots.findIndex((knot) => knot.time > time);
  const at = next === -1 ? knots.length - 1 : Math.max(next, 1);
  const a = knots[at - 1];
  const b = knots[at];
  if (!a || !b) return { ...(knots[0] as Knot), time };
  const share = (time - a.time) / (b.time - a.time);
  const bound = Math.max(a.bound, b.bound);
  return { time, value: a.value + share * (b.value - a.value), bound: share >= 0 && share <= 1 ? bound : 2 * bound };
}
