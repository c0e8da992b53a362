import { INTERPOLATE } from '../time/exact-sync.ts';
import type { SyncSample, TimeShift } from '../time/types.ts';
import { isOneClock, isTscClock } from './clocks.ts';
import type { Estimator } from './estimators/estimator.ts';
import { robust } from './estimators/robust.ts';
import { scaledLine } from './scaled-line.ts';
import type { Measurement, SyncProtocol } from './types.ts';

/** What a session found out about one guest. */
export interface SyncFindings {
  readonly protocol: SyncProtocol;
  /** In the order in which they were made. */
  readonly measurements: readonly Measurement[];
  readonly cpuCount: number;
  /** Name of the guest's trace clock. */
  readonly guestClock: string | undefined;
  /** Of the host's file. */
  readonly peerTraceId: bigint;
  /** Default: our own. */
  readonly estimator?: Estimator;
}

/**
 * Option TIME_SHIFT of a guest's file: what its readers make of a stamp is what was measured, in stock's 64-bit
 * arithmetic too. Every CPU has as many samples as the others, and two at least; one that was never measured has
 * those of the nearest one that was. Undefined when nothing was measured.
 */
export function timeShiftOf(findings: SyncFindings): TimeShift | undefined {
  const { protocol, measurements, cpuCount, guestClock, peerTraceId, estimator = robust } = findings;
  const interpolates = (protocol.flags & INTERPOLATE) !== 0;
  const sameCrystal = protocol.isOfOneMachine === true && isTscClock(guestClock);
  const raw = interpolates
    ? estimator(measurements, { cpuCount, oneClock: isOneClock(guestClock), sameCrystal })
    : heldSamples(measurements, cpuCount);
  const found = withNeighbours(raw);
  if (!found) return undefined;
  const isScaled = !interpolates && found.some((samples) => samples.some(({ scaling }) => scaling !== 1n));
  const cpus = isScaled ? found.map(scaledLine) : interpolates ? found.map(steady) : found.map(heldToTheEnd);
  const most = Math.max(...cpus.map(({ length }) => length));
  return { peerTraceId, flags: interpolates || isScaled ? INTERPOLATE : 0, cpus: cpus.map((s) => filled(s, most)) };
}

/** The hypervisor's numbers, each from when it was read on. */
function heldSamples(measurements: readonly Measurement[], cpuCount: number): SyncSample[][] {
  const cpus: SyncSample[][] = Array.from({ length: cpuCount }, () => []);
  for (const { cpu, sample } of measurements) cpus[cpu]?.push(sample);
  return cpus.map((samples) => distinct(samples));
}

/** Times ascending, the newest of those that claim the same time. */
function distinct(samples: readonly SyncSample[]): SyncSample[] {
  const sorted = [...samples].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return sorted.filter(({ time }, i) => time !== sorted[i + 1]?.time);
}

/** A CPU without samples gets those of the one next to it in number, the lower one of two. */
function withNeighbours(cpus: readonly SyncSample[][]): SyncSample[][] | undefined {
  const measured = cpus.flatMap((samples, cpu) => (samples.length > 0 ? [cpu] : []));
  if (measured.length === 0) return undefined;
  return cpus.map((samples, cpu) => {
    if (samples.length > 0) return samples;
    const nearest = measured.reduce((a, b) => (Math.abs(b - cpu) < Math.abs(a - cpu) ? b : a));
    return cpus[nearest] as SyncSample[];
  });
}

/** Without interpolation, stock readers go by the last sample but one to the end: the last one is given twice. */
function heldToTheEnd(samples: readonly SyncSample[]): SyncSample[] {
  const last = samples[samples.length - 1] as SyncSample;
  return [...samples, { ...last, time: last.time + 1n }];
}

/** Half of what the product of a time and a difference of offsets can be in signed 64 bits. */
const MOST_PRODUCT = 1n << 62n;

/** More samples than this from one measurement to the next are not worth it: hours of clocks that count other units. */
const MOST_PARTS = 1n << 14n;

/** Two samples at least, and so close to each other that stock's products fit 64 bits. */
function steady(samples: readonly SyncSample[]): SyncSample[] {
  const sorted = distinct(samples);
  const [only] = sorted;
  if (only && sorted.length === 1) return [only, { ...only, time: only.time + 1n }];
  return sorted.flatMap((b, i) => {
    const a = sorted[i - 1];
    return a ? [...between(a, b), b] : [b];
  });
}

/** Samples on the line from a to b, as many as it takes. */
function between(a: SyncSample, b: SyncSample): SyncSample[] {
  const run = b.time - a.time;
  const rise = b.offset - a.offset;
  const product = run * (rise < 0n ? -rise : rise);
  if (product < MOST_PRODUCT || run < 2n) return [];
  let parts = 2n;
  while (parts < MOST_PARTS && 2n * parts <= run && product / (parts * parts) >= MOST_PRODUCT) parts *= 2n;
  // Rounding their offsets can cost one unit.
  const bound =
    a.bound === undefined || b.bound === undefined ? undefined : 1n + (a.bound > b.bound ? a.bound : b.bound);
  return Array.from({ length: Number(parts) - 1 }, (_, i) => {
    const k = BigInt(i + 1);
    return { ...a, time: a.time + (run * k) / parts, offset: a.offset + (rise * k) / parts, bound };
  });
}

/** As many samples as the others have, without another meaning: the last line is cut into more pieces. */
function filled(samples: readonly SyncSample[], count: number): SyncSample[] {
  const missing = count - samples.length;
  const last = samples[samples.length - 1] as SyncSample;
  const before = samples[samples.length - 2] as SyncSample;
  if (missing === 0) return [...samples];
  const step = last.time - before.time;
  const rise = last.offset - before.offset;
  const more = Array.from({ length: missing }, (_, i) => {
    const k = BigInt(i + 1);
    return { ...last, time: last.time + k * step, offset: last.offset + k * rise };
  });
  return [...samples, ...more];
}
