import { MOST_DRIFT } from '../../time/drift.ts';
import type { SyncSample } from '../../time/types.ts';
import type { BurstLimits, Probes } from '../types.ts';
import { Corridor } from './corridor.ts';
import { type Base, baseOf, type Limits, messageLimits, type PlacedLimit } from './limits.ts';
import { runLimits } from './run-limits.ts';
import { strictest } from './strictest.ts';

/** All limits of a burst: of its messages, and of the runs of the guest's vCPU where they are known. */
function limitsOf(probes: Probes, base: Base): Limits {
  const messages = messageLimits(probes, base);
  const { upper, lower } = runLimits(probes, base, messages);
  const byPlace = (list: PlacedLimit[]): PlacedLimit[] => list.sort((a, b) => a.place - b.place);
  return { upper: byPlace([...messages.upper, ...upper]), lower: byPlace([...messages.lower, ...lower]) };
}

/** From this slope on, two clocks count different units. Below it, they hardly drift within a burst. */
export const OTHER_UNITS = 0.1;

/** Host units per guest unit: more than that are no two clocks. */
export const MOST_RATE = 1000;

/**
 * How the offset changes within a burst, in the middle of what its limits leave possible, so that no single slow probe
 * has a say; 0 for clocks that count the same.
 */
export function burstSlope({ upper, lower }: Limits, corridor: Corridor): number {
  // Only where equal units are impossible, they differ. One probe alone has any slope.
  if (corridor.width(0) >= 0 || upper.length < 2 || lower.length < 2) return 0;
  const slope = corridor.widest(-1, MOST_RATE);
  return Math.abs(slope) < OTHER_UNITS ? 0 : slope;
}

/** What one burst tells: the offset, and of its limits those that others can be put together with. */
export interface BurstFindings {
  readonly sample: SyncSample;
  readonly limits: BurstLimits;
}

/**
 * The offset that one burst tells, in the middle of what the fastest ways there and back leave possible, and how far
 * it can be off. Undefined when no probe was stamped on both sides.
 */
export function burstFindings(probes: Probes): BurstFindings | undefined {
  const base = baseOf(probes);
  if (!base) return undefined;
  const limits = limitsOf(probes, base);
  if (limits.upper.length === 0 || limits.lower.length === 0) return undefined;
  const corridor = new Corridor(limits.upper, limits.lower);
  const coarse = burstSlope(limits, corridor);
  const slope = coarse === 0 ? 0 : corridor.widest(coarse - 0.1, coarse + 0.1);
  const times = limits.upper.map(({ time }) => time).sort((a, b) => a - b);
  const time = Math.round(times[times.length >> 1] as number);
  // Clocks of one unit can drift more within a burst than its limits leave room for.
  const drifted = slope === 0 && corridor.width(0) < 0 ? corridor.range(time, -MOST_DRIFT, MOST_DRIFT) : undefined;
  const top = drifted?.high ?? corridor.top(time, slope);
  const bottom = drifted?.low ?? corridor.bottom(time, slope);
  const value = Math.round((top + bottom) / 2);
  const sample = {
    time: base.time + BigInt(time),
    offset: base.offset + BigInt(value),
    scaling: 1n,
    fraction: 0,
    bound: BigInt(Math.ceil(Math.abs(top - bottom) / 2)) + 1n,
  };
  return { sample, limits: { slope: coarse, strictest: strictest(limits, slope, { time, value }) } };
}
