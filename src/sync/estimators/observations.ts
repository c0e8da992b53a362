import type { SyncSample } from '../../time/types.ts';
import type { BurstLimits, Measurement } from '../types.ts';
import { MOST_RATE, OTHER_UNITS } from './burst.ts';
import type { Base } from './limits.ts';
import { Marks } from './marks.ts';
import { median } from './median.ts';
import { LIMIT_NUMBERS, levelled } from './strictest.ts';

/** All that is known of one clock, relative to a base and to the rate of the clocks. */
export interface Observations {
  readonly base: Base;
  /** Units of offset per unit of guest time that were taken out: 0 for clocks that count the same unit. */
  readonly rate: number;
  readonly marks: Marks;
  /** Limits in a row that are too few to be believed against all others. */
  readonly fewest: number;
}

/** A round of many CPUs is cut, since clocks drift: ns, or ticks. */
const LONGEST_ROUND = 100_000_000;

/** The measurements of one clock, in the order in which they were made. Undefined when there is none. */
export function observe(measurements: readonly Measurement[]): Observations | undefined {
  const base = measurements[0]?.sample;
  if (!base) return undefined;
  const rate = rateOf(measurements);
  const marks = new Marks(measurements.reduce((sum, { limits }) => sum + countOf(limits), 0));
  let round = -1;
  let roundStart = 0;
  for (const [i, { cpu, sample, limits = sampleLimits(sample) }] of measurements.entries()) {
    const ahead = Number(sample.time - base.time);
    const start = (limits.strictest[1] as number) + ahead;
    const isNext = cpu > (measurements[i - 1]?.cpu ?? Number.POSITIVE_INFINITY);
    if (!isNext || Math.abs(start - roundStart) >= LONGEST_ROUND) {
      round++;
      roundStart = start;
    }
    addMarks(marks, round, limits, { ahead, above: Number(sample.offset - base.offset), rate });
  }
  const isProbed = measurements.some(({ limits }) => limits);
  return { base, rate, marks, fewest: isProbed ? 8 : 2 };
}

function countOf(limits: BurstLimits | undefined): number {
  return limits ? limits.strictest.length / LIMIT_NUMBERS : 2;
}

/** From a sample to the base of all. */
interface Shift {
  readonly ahead: number;
  readonly above: number;
  readonly rate: number;
}

function addMarks(marks: Marks, round: number, { slope, strictest }: BurstLimits, { ahead, above, rate }: Shift): void {
  const level = slope === 0 && rate === 0 ? strictest : levelled(strictest, rate);
  for (let at = 0; at < level.length; at += LIMIT_NUMBERS) {
    const time = (level[at + 1] as number) + ahead;
    const value = (level[at + 2] as number) + above - rate * ahead;
    marks.add(round, level[at] === 1, time, value);
  }
}

/** Half a millisecond, where a peer's result comes without anything that tells its bound. */
const UNKNOWN_BOUND = 500_000n;

/** Of a result without anything that it was made of. */
function sampleLimits({ bound = UNKNOWN_BOUND }: SyncSample): BurstLimits {
  const either = [1, 0, Number(bound), 0, 0, Number(-bound)];
  return { slope: 0, strictest: Float64Array.from(either) };
}

/**
 * How fast the offset changes because the clocks count different units (ns and ticks): measured between rounds, where
 * bursts, or else most rounds, say that they do.
 */
function rateOf(measurements: readonly Measurement[]): number {
  // One probe alone, which has a limit of either side, has any slope.
  const bursts = measurements.flatMap(({ limits }) => (limits && countOf(limits) > 2 ? [limits.slope] : []));
  const last = new Map<number, SyncSample>();
  const pairs = measurements.flatMap(({ cpu, sample }) => {
    const before = last.get(cpu);
    last.set(cpu, sample);
    if (!before || sample.time <= before.time) return [];
    return [Number(sample.offset - before.offset) / Number(sample.time - before.time)];
  });
  const coarse = bursts.length > 0 ? median(bursts) : median(pairs);
  // Steeper than -1, the host's clock would go backward: that is a step.
  if (Math.abs(coarse) < OTHER_UNITS || coarse <= -1 || coarse > MOST_RATE) return 0;
  const near = pairs.filter((slope) => Math.abs(slope - coarse) < OTHER_UNITS / 2);
  return near.length > 0 ? median(near) : coarse;
}
