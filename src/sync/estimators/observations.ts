import type { SyncSample } from '../../time/types.ts';
import type { Measurement } from '../types.ts';
import { burstSlope, limitsOf, MOST_RATE, OTHER_UNITS } from './burst.ts';
import { Corridor } from './corridor.ts';
import { type Base, baseOf, type Limits, type PlacedLimit } from './limits.ts';
import { median } from './median.ts';

/** Limits of one measurement of one clock, relative to a base and to the rate of the clocks. */
export interface Observation {
  /** Counts up; measurements of several CPUs of one clock that follow one another belong to one round. */
  readonly round: number;
  readonly upper: readonly PlacedLimit[];
  readonly lower: readonly PlacedLimit[];
}

/** All that is known of one clock. */
export interface Observations {
  readonly base: Base;
  /** Units of offset per unit of guest time that were taken out: 0 for clocks that count the same unit. */
  readonly rate: number;
  readonly list: readonly Observation[];
  /** Limits in a row that are too few to be believed against all others. */
  readonly fewest: number;
}

/** A round of many CPUs is cut, since clocks drift: ns, or ticks. */
const LONGEST_ROUND = 100_000_000;

/** The measurements of one clock, in the order in which they were made. Undefined when none says anything. */
export function observe(measurements: readonly Measurement[]): Observations | undefined {
  const base = firstOf(measurements.map(({ probes }) => probes && baseOf(probes))) ?? sampleBase(measurements[0]);
  if (!base) return undefined;
  const raw = measurements.map((measurement) => rawLimits(measurement, base));
  const rate = rateOf(measurements, raw);
  const level = (limits: readonly PlacedLimit[]): PlacedLimit[] =>
    limits.map(({ place, time, value }) => ({ place, time, value: value - rate * time }));
  const list: Observation[] = [];
  let round = 0;
  let roundStart = 0;
  for (const [i, { upper, lower }] of raw.entries()) {
    const start = (upper[0] ?? lower[0])?.time;
    if (start === undefined) continue;
    const isNext = i > 0 && (measurements[i]?.cpu ?? 0) > (measurements[i - 1]?.cpu ?? 0);
    if (list.length > 0 && !(isNext && Math.abs(start - roundStart) < LONGEST_ROUND)) round++;
    if (list[list.length - 1]?.round !== round) roundStart = start;
    list.push({ round, upper: strictest(level(upper), -1), lower: strictest(level(lower), 1) });
  }
  const probed = measurements.some(({ probes }) => probes && baseOf(probes));
  return { base, rate, list, fewest: probed ? 8 : 2 };
}

const PARTS = 4;
const KEPT_PER_PART = 4;

/** Of each quarter of a burst the limits that say the most: the lowest upper ones (-1), the highest lower ones (1). */
function strictest(limits: readonly PlacedLimit[], side: 1 | -1): PlacedLimit[] {
  const length = Math.ceil(limits.length / PARTS);
  return Array.from({ length: PARTS }, (_, part) => limits.slice(part * length, (part + 1) * length)).flatMap((part) =>
    part.sort((a, b) => side * (b.value - a.value)).slice(0, KEPT_PER_PART),
  );
}

function firstOf<T>(values: readonly (T | undefined)[]): T | undefined {
  return values.find((value) => value !== undefined);
}

function sampleBase(measurement: Measurement | undefined): Base | undefined {
  return measurement && { time: measurement.sample.time, offset: measurement.sample.offset };
}

/** Half a millisecond, where a peer's result comes without anything that tells its bound. */
const UNKNOWN_BOUND = 500_000n;

function rawLimits({ probes, sample }: Measurement, base: Base): Limits {
  const limits = probes && limitsOf(probes, base);
  if (limits && limits.upper.length > 0 && limits.lower.length > 0) return limits;
  const time = Number(sample.time - base.time);
  const bound = sample.bound ?? UNKNOWN_BOUND;
  const offset = sample.offset - base.offset;
  return {
    upper: [{ place: 0, time, value: Number(offset + bound) }],
    lower: [{ place: 1, time, value: Number(offset - bound) }],
  };
}

/**
 * How fast the offset changes because the clocks count different units (ns and ticks): measured between rounds, where
 * bursts, or else most rounds, say that they do.
 */
function rateOf(measurements: readonly Measurement[], limits: readonly Limits[]): number {
  const slopes = limits.map((each) => burstSlope(each, new Corridor(each.upper, each.lower)));
  const bursts = slopes.filter((slope, i) => slope !== 0 || (limits[i]?.upper.length ?? 0) > 1);
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
