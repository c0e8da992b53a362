import type { SyncSample } from '../../time/types.ts';
import { type Knot, valueAt } from './relation.ts';

/** What relative numbers count from, and the rate that was taken out of the offsets. */
export interface Frame {
  /** Raw guest time of 0. */
  readonly guestBase: bigint;
  /** Host minus guest base. */
  readonly offset: bigint;
  /** Guest time, relative, at which the rate is taken as 0. */
  readonly start: number;
  readonly rate: number;
}

/**
 * The knots of all stretches in a row: between two of them a clock has stepped, just before the time that `stepAt`
 * tells of the two.
 */
export function joined(
  stretches: readonly (readonly Knot[])[],
  stepAt: (before: readonly Knot[], after: readonly Knot[]) => number,
): Knot[] {
  const all: Knot[] = [];
  for (const [i, next] of stretches.entries()) {
    const last = all[all.length - 1];
    const first = next[0] as Knot;
    const middle = last && Math.max(Math.floor(stepAt(stretches[i - 1] as readonly Knot[], next)), last.time + 2);
    if (last && middle !== undefined && middle < first.time) {
      const a = { time: middle - 1, value: valueAt(all, middle - 1), bound: last.bound };
      const b = { time: middle, value: valueAt(next, middle), bound: first.bound };
      const step = Math.abs(b.value - a.value);
      all.push({ ...a, bound: a.bound + step }, { ...b, bound: b.bound + step });
    }
    all.push(...next.filter(({ time }) => time > (all[all.length - 1]?.time ?? Number.NEGATIVE_INFINITY)));
  }
  return all;
}

/** Knots as samples: at least two, times ascending. */
export function samplesOf(knots: readonly Knot[], { guestBase, offset, start, rate }: Frame): SyncSample[] {
  const samples = knots.map(({ time, value, bound }) => ({
    time: guestBase + BigInt(time),
    offset: offset + BigInt(Math.round(value + rate * (time - start))),
    scaling: 1n,
    fraction: 0,
    bound: BigInt(Math.ceil(bound)) + 1n,
  }));
  const [only] = samples;
  return samples.length === 1 && only ? [only, { ...only, time: only.time + 1n }] : samples;
}

/** As many samples for each CPU as the CPU with the most has: the last line is gone on with. */
export function sameCounts(cpus: readonly (readonly SyncSample[])[]): SyncSample[][] {
  const most = Math.max(...cpus.map(({ length }) => length));
  return cpus.map((samples) => {
    const last = samples[samples.length - 1] as SyncSample;
    const before = samples[samples.length - 2] as SyncSample;
    const more = Array.from({ length: most - samples.length }, (_, i) => ({
      ...last,
      time: last.time + BigInt(i + 1) * (last.time - before.time),
      offset: last.offset + BigInt(i + 1) * (last.offset - before.offset),
    }));
    return [...samples, ...more];
  });
}
