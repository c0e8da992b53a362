import { errorBound } from '../time/error-bound.ts';
import type { SyncSample, TimeShift } from '../time/types.ts';
import type { CpuFacts, Spread, Step } from './types.ts';

/** Clocks drift apart by less; what is more is a step. In parts of one. */
const MOST_DRIFT = 200e-6;
/** A step is at least that many units: what measurements of busy machines are off by. */
const LEAST_STEP = 500_000;
/** Points in time at which the bound is looked at. */
const BOUND_POINTS = 1001;

export interface FactsSettings {
  /** Units of the result that one unit of the samples is. */
  readonly scale: number;
  /** Guest times of the first and the last event, raw. */
  readonly from: bigint;
  readonly to: bigint;
  /** How often each CPU was measured, by a session's log. */
  readonly rounds?: readonly number[] | undefined;
}

/** What the samples of each guest CPU say. */
export function cpuFacts(shift: TimeShift, settings: FactsSettings): CpuFacts[] {
  return shift.cpus.flatMap((samples, cpu) =>
    samples.length === 0 ? [] : [factsOf(samples, shift.flags, cpu, settings)],
  );
}

function factsOf(list: readonly SyncSample[], flags: number, cpu: number, settings: FactsSettings): CpuFacts {
  const { scale, rounds } = settings;
  const samples = [...list].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  const first = samples[0] as SyncSample;
  const last = samples[samples.length - 1] as SyncSample;
  const points = samples.map(({ time, offset }) => ({
    x: Number(time - first.time) * scale,
    y: Number(offset - first.offset) * scale,
  }));
  const slope = fittedSlope(points);
  return {
    ...{ cpu, samples: samples.length, rounds: rounds?.[cpu] },
    ...{ firstOffset: first.offset, lastOffset: last.offset },
    drift: slope * 1e6,
    residual: residuals(points, slope),
    steps: stepsOf(samples, scale, slope),
    bound: boundsOver(samples, flags, settings),
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

const mean = (values: readonly number[]): number => values.reduce((sum, one) => sum + one, 0) / values.length;

function fittedSlope(points: readonly Point[]): number {
  const x0 = mean(points.map(({ x }) => x));
  const y0 = mean(points.map(({ y }) => y));
  const spread = points.reduce((sum, { x }) => sum + (x - x0) ** 2, 0);
  return spread > 0 ? points.reduce((sum, { x, y }) => sum + (x - x0) * (y - y0), 0) / spread : 0;
}

function residuals(points: readonly Point[], slope: number): Spread {
  const rests = points.map(({ x, y }) => y - slope * x);
  const middle = mean(rests);
  const distances = rests.map((rest) => Math.abs(rest - middle));
  return { rms: Math.sqrt(mean(distances.map((one) => one * one))), worst: Math.max(...distances) };
}

/** Where the offset leaves what drift and the samples' own bounds allow. Clocks of other units are judged by their rate. */
function stepsOf(samples: readonly SyncSample[], scale: number, slope: number): Step[] {
  const rate = Math.abs(slope) > MOST_DRIFT ? slope : 0;
  return samples.slice(1).flatMap((b, i) => {
    const a = samples[i] as SyncSample;
    const run = Number(b.time - a.time) * scale;
    const by = Number(b.offset - a.offset) * scale - rate * run;
    const bounds = Number((a.bound ?? 0n) + (b.bound ?? 0n)) * scale;
    return Math.abs(by) > MOST_DRIFT * run + Math.max(bounds, LEAST_STEP) ? [{ time: b.time, by }] : [];
  });
}

function boundsOver(samples: readonly SyncSample[], flags: number, settings: FactsSettings): CpuFacts['bound'] {
  const { from, to, scale } = settings;
  const bounds: number[] = [];
  for (let i = 0; i < BOUND_POINTS; i++) {
    const bound = errorBound(samples, flags, from + ((to - from) * BigInt(i)) / BigInt(BOUND_POINTS - 1));
    if (bound === undefined) return undefined;
    bounds.push(Number(bound) * scale);
  }
  bounds.sort((a, b) => a - b);
  return { median: bounds[BOUND_POINTS >> 1] as number, worst: bounds[BOUND_POINTS - 1] as number };
}
