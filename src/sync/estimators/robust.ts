import type { SyncSample } from '../../time/types.ts';
import type { Measurement } from '../types.ts';
import type { Estimator } from './estimator.ts';
import { knotsOf } from './knots.ts';
import type { Marks } from './marks.ts';
import { type Observations, observe } from './observations.ts';
import { type Round, roundsOf } from './rounds.ts';
import { type Segment, segmentsOf } from './segments.ts';
import { type Knot, withSteps } from './steps.ts';

/**
 * All rounds and, where the guest has one clock, all CPUs, put together. Each probe bounds the offset from two sides;
 * where bounds contradict each other, a clock has stepped. Between steps the offset is taken from the middle of what
 * the bounds of neighbouring rounds leave possible; how much that is, is the bound.
 */
export const robust: Estimator = (measurements, { cpuCount, oneClock, sameCrystal }) => {
  if (oneClock) {
    const samples = samplesOf(measurements, sameCrystal);
    return Array.from({ length: cpuCount }, () => samples);
  }
  const cpus: Measurement[][] = Array.from({ length: cpuCount }, () => []);
  for (const measurement of measurements) cpus[measurement.cpu]?.push(measurement);
  return cpus.map((own) => samplesOf(own, sameCrystal));
};

/** Units between two samples that stand for a slope. */
const SLOPE_SPAN = 10_000_000;

/** The samples of one clock. */
function samplesOf(measurements: readonly Measurement[], sameCrystal: boolean): SyncSample[] {
  const observations = observe(measurements);
  if (!observations) return [];
  const { marks, fewest } = observations;
  const segments = segmentsOf(marks, fewest);
  const isFlat = sameCrystal && observations.rate === 0;
  const knots = segments.map((segment) => {
    const rounds = roundsOf(marks, segment);
    return (isFlat ? flatKnots(marks, segment, rounds) : undefined) ?? knotsOf(rounds);
  });
  const all = withSteps(marks, segments, knots);
  const [only] = all;
  const samples = toSamples(all, observations);
  // A clock that counts other units does not go on as it is: its slope has to be in the file.
  if (only && all.length === 1 && observations.rate !== 0) {
    const later = toSamples([{ ...only, time: only.time + SLOPE_SPAN }], observations);
    samples.push(...later.map((sample) => ({ ...sample, bound: undefined })));
  }
  return samples;
}

/** One offset for all rounds, if the bounds of all of them leave one possible. */
function flatKnots(marks: Marks, { from, to }: Segment, rounds: readonly Round[]): Knot[] | undefined {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (let at = from; at < to; at++) {
    const value = marks.values[at] as number;
    if (marks.isUpper(at)) high = Math.min(high, value);
    else low = Math.max(low, value);
  }
  const bound = (high - low) / 2;
  if (!(bound >= 0 && bound < Number.POSITIVE_INFINITY)) return undefined;
  return rounds.map(({ time }) => ({ time, value: low + bound, bound }));
}

function toSamples(knots: readonly Knot[], { base, rate }: Observations): SyncSample[] {
  return knots.map(({ time, value, bound }) => ({
    time: base.time + BigInt(time),
    offset: base.offset + BigInt(Math.round(value + rate * time)),
    scaling: 1n,
    fraction: 0,
    bound: BigInt(Math.ceil(bound)) + 1n,
  }));
}
