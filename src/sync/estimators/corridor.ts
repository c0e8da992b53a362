/**
 * Where the offset of a guest's clock can be: every probe bounds it from one side at the time of its guest stamp.
 * Numbers are relative to a common base, so that doubles hold them to a fraction of a unit.
 */

/** One bound: the offset at `time` is at most (or at least) `value`. */
export interface Limit {
  readonly time: number;
  readonly value: number;
}

const STEPS = 40;

/** What all limits together say of straight lines that keep within them. */
export class Corridor {
  readonly #upper: readonly Limit[];
  readonly #lower: readonly Limit[];

  constructor(upper: readonly Limit[], lower: readonly Limit[]) {
    this.#upper = hull(upper, -1);
    this.#lower = hull(lower, 1);
  }

  /** The highest value at `time` that a line of that slope can have. */
  top(time: number, slope: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const limit of this.#upper) {
      const value = limit.value - slope * (limit.time - time);
      if (value < least) least = value;
    }
    return least;
  }

  /** The lowest one. */
  bottom(time: number, slope: number): number {
    let most = Number.NEGATIVE_INFINITY;
    for (const limit of this.#lower) {
      const value = limit.value - slope * (limit.time - time);
      if (value > most) most = value;
    }
    return most;
  }

  /** How wide the corridor is for a slope: negative when no line of that slope fits. The same at all times. */
  width(slope: number): number {
    return this.top(0, slope) - this.bottom(0, slope);
  }

  /** The slope between two for which it is the widest (the width is concave in the slope). */
  widest(from: number, to: number): number {
    return peak(from, to, (slope) => this.width(slope));
  }

  /** The range of values at `time` of all lines that fit, with slopes between two; undefined when none fits. */
  range(time: number, from: number, to: number): { low: number; high: number } | undefined {
    const best = this.widest(from, to);
    if (this.width(best) < 0) return undefined;
    const first = this.width(from) >= 0 ? from : border(from, best, (slope) => this.width(slope) >= 0);
    const last = this.width(to) >= 0 ? to : border(to, best, (slope) => this.width(slope) >= 0);
    const high = this.top(
      time,
      peak(first, last, (slope) => this.top(time, slope)),
    );
    const low = this.bottom(
      time,
      peak(first, last, (slope) => -this.bottom(time, slope)),
    );
    return { low, high };
  }
}

/** Where a concave function has its maximum. */
function peak(from: number, to: number, value: (x: number) => number): number {
  let low = from;
  let high = to;
  for (let step = 0; step < STEPS && high > low; step++) {
    const a = low + (high - low) / 3;
    const b = high - (high - low) / 3;
    if (value(a) < value(b)) low = a;
    else high = b;
  }
  return (low + high) / 2;
}

/** Between one place that does not hold and one that does: the last one found that does. */
function border(outside: number, inside: number, holds: (x: number) => boolean): number {
  let bad = outside;
  let good = inside;
  for (let step = 0; step < STEPS; step++) {
    const middle = (bad + good) / 2;
    if (holds(middle)) good = middle;
    else bad = middle;
  }
  return good;
}

/** Of many limits, those that a straight line can touch: the lower hull of upper ones (-1), the upper hull of lower ones (1). */
function hull(limits: readonly Limit[], side: 1 | -1): Limit[] {
  const sorted = [...limits].sort((a, b) => a.time - b.time || side * (b.value - a.value));
  const kept: Limit[] = [];
  for (const limit of sorted) {
    while (kept.length > 1 && side * turn(kept[kept.length - 2]!, kept[kept.length - 1]!, limit) >= 0) kept.pop();
    const last = kept[kept.length - 1];
    if (last?.time === limit.time) continue; // sorted so that the stricter one comes first
    kept.push(limit);
  }
  return kept;
}

/** Positive when c lies to the left of (above) the line from a to b. */
function turn(a: Limit, b: Limit, c: Limit): number {
  return (b.time - a.time) * (c.value - a.value) - (b.value - a.value) * (c.time - a.time);
}
