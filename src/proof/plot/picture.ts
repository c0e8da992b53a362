import type { DecodedLog, LoggedMeasurement } from '../../sync/log.ts';
import { BoundTrack } from '../../time/bound-track.ts';
import { Correction } from '../../time/correction.ts';
import type { SyncSample, Ticks } from '../../time/types.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { scaleOf } from '../prove.ts';
import type { GuestProof, Rule, Unit } from '../types.ts';

/** A point: seconds since the guest's first event (of clocks without a known rate: 1e9 ticks), and a value. */
export type Point = readonly [x: number, y: number];

/** One CPU of a guest, or several that have one clock. Offsets and residuals in `unit`s. */
export interface CpuPicture {
  /** `CPU 0`; of CPUs with the same samples, drawn once: `CPU 0, 1`. */
  readonly name: string;
  /** Samples: host minus guest, less the picture's first offset. */
  readonly samples: readonly Point[];
  /** What readers make of the samples, over the whole recording, and the ends of its band where there are bounds. */
  readonly line: readonly Point[];
  readonly low: readonly Point[];
  readonly high: readonly Point[];
  /** Samples less the line that fits them best. */
  readonly residuals: readonly Point[];
  /** From each sample to the next, parts per million, in the middle between the two. */
  readonly drift: readonly Point[];
}

/** Round trips of a session's probes, counted by length. */
export interface RoundTrips {
  /** Lower end of the first bar, and width of each, in units. */
  readonly from: number;
  readonly width: number;
  readonly counts: readonly number[];
  /** The fastest of each measurement: what the offset is taken from. */
  readonly fastest: readonly number[];
}

/** All that is drawn of one guest's clock. */
export interface ClockPicture {
  readonly title: string;
  readonly words: string;
  readonly unit: Unit;
  /** What the recorded clock counts. */
  readonly rawUnit: Unit;
  /** What offsets are counted from, in raw units. */
  readonly firstOffset: bigint;
  readonly cpus: readonly CpuPicture[];
  readonly roundTrips: RoundTrips | undefined;
  readonly violations: readonly { readonly rule: Rule; readonly points: readonly Point[] }[];
}

const SECOND = 1e9;
const LINE_POINTS = 300;
const BARS = 60;

export function clockPicture(
  proof: GuestProof,
  file: TraceFile,
  label: string,
  log: DecodedLog | undefined,
): ClockPicture {
  const scale = scaleOf(file);
  const samples = (file.timeShift?.cpus ?? []).map((list) => [...list].sort((a, b) => Number(a.time - b.time)));
  const firstOffset = samples.find((list) => list.length > 0)?.[0]?.offset ?? 0n;
  const frame = { proof, scale, firstOffset, flags: file.timeShift?.flags ?? 0 };
  const rules = new Map<Rule, Point[]>();
  for (const { rule, time, distance } of proof.causality?.violations ?? []) {
    const points = rules.get(rule) ?? [];
    points.push([Number(time - proof.start) / SECOND, distance]);
    rules.set(rule, points);
  }
  return {
    title: label,
    words: `${proof.verdict}: ${proof.words}`,
    unit: proof.unit,
    rawUnit: file.tscToNanoseconds?.multiplier ? 'ticks' : proof.unit,
    firstOffset,
    cpus: sameClocks(samples).map((cpus) => cpuPicture(file, samples[cpus[0] as number] ?? [], cpus, frame)),
    roundTrips: log && roundTrips(log.measurements, scale),
    violations: [...rules].map(([rule, points]) => ({ rule, points })),
  };
}

interface Frame {
  readonly proof: GuestProof;
  readonly scale: number;
  readonly firstOffset: bigint;
  readonly flags: number;
}

/** CPUs with samples, those with the same ones together. */
function sameClocks(cpus: readonly (readonly SyncSample[])[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const [cpu, samples] of cpus.entries()) {
    if (samples.length === 0) continue;
    const key = samples.map(({ time, offset, bound }) => `${time} ${offset} ${bound}`).join();
    groups.set(key, [...(groups.get(key) ?? []), cpu]);
  }
  return [...groups.values()];
}

function cpuPicture(
  file: TraceFile,
  samples: readonly SyncSample[],
  cpus: readonly number[],
  frame: Frame,
): CpuPicture {
  const cpu = cpus[0] as number;
  const { proof, scale, firstOffset, flags } = frame;
  const { rawStart, length } = proof;
  const x = (time: bigint): number => (Number(time - rawStart) * scale) / SECOND;
  const points = samples.map(({ time, offset }): Point => [x(time), Number(offset - firstOffset) * scale]);
  const correction = new Correction(cpu, { mode: 'exact', timeShift: file.timeShift, offset: 0n });
  const bounds = new BoundTrack(samples, flags);
  const rawLength = BigInt(Math.ceil(length / scale));
  const line: Point[] = [];
  const low: Point[] = [];
  const high: Point[] = [];
  for (const time of gridTimes(samples, rawStart, rawLength)) {
    const value = Number(BigInt.asIntN(64, correction.correct(time as Ticks) - time - firstOffset)) * scale;
    line.push([x(time), value]);
    const bound = bounds.at(Number(time >> 32n), Number(time & 0xffff_ffffn)) * scale;
    if (Number.isNaN(bound)) continue;
    low.push([x(time), value - bound]);
    high.push([x(time), value + bound]);
  }
  const facts = proof.cpus.find((one) => one.cpu === cpu);
  const slope = (facts?.drift ?? 0) / 1e6;
  const rests = points.map(([at, value]) => value - slope * at * SECOND);
  const middle = rests.reduce((sum, one) => sum + one, 0) / rests.length;
  return {
    ...{ name: `CPU ${cpus.join(', ')}`, samples: points, line, low, high },
    residuals: points.map(([at], i): Point => [at, (rests[i] as number) - middle]),
    drift: points.slice(1).map((b, i): Point => {
      const a = points[i] as Point;
      return [(a[0] + b[0]) / 2, ((b[1] - a[1]) / (b[0] - a[0]) / SECOND) * 1e6];
    }),
  };
}

/** Evenly over the recording and all samples, with the samples' own times, around which held offsets change. */
function gridTimes(samples: readonly SyncSample[], start: bigint, length: bigint): bigint[] {
  const ends = [start, start + length, ...samples.map(({ time }) => time)];
  const from = ends.reduce((a, b) => (a < b ? a : b));
  const to = ends.reduce((a, b) => (a > b ? a : b));
  const even = Array.from(
    { length: LINE_POINTS },
    (_, i) => from + ((to - from) * BigInt(i)) / BigInt(LINE_POINTS - 1),
  );
  const own = samples.flatMap(({ time }) => (time > from ? [time - 1n, time] : [time]));
  return [...new Set([...even, ...own])].sort((a, b) => (a < b ? -1 : 1));
}

function roundTrips(measurements: readonly LoggedMeasurement[], scale: number): RoundTrips | undefined {
  const all: number[] = [];
  const fastest: number[] = [];
  for (const { probes } of measurements) {
    let least = Number.POSITIVE_INFINITY;
    for (let k = 0; k < (probes?.count ?? 0); k++) {
      const [sent, back] = [probes?.guestSend[k] as bigint, probes?.guestReceive[k] as bigint];
      if (sent === 0n || back <= sent) continue;
      const trip = Number(back - sent) * scale;
      all.push(trip);
      least = Math.min(least, trip);
    }
    if (least !== Number.POSITIVE_INFINITY) fastest.push(least);
  }
  if (all.length === 0) return undefined;
  all.sort((a, b) => a - b);
  // A few slow ones would squeeze all others into one bar: the last bar holds what is beyond.
  const from = all[0] as number;
  const to = Math.max(from + 1, 1.2 * (all[Math.floor(all.length * 0.98)] as number));
  const width = (to - from) / BARS;
  const counts = new Array<number>(BARS + 1).fill(0);
  for (const trip of all) counts[Math.min(BARS, Math.floor((trip - from) / width))]!++;
  return { from, width, counts, fastest };
}
