import { proofJson } from '../../../src/proof/json.ts';
import { proveClocks, scaleOf } from '../../../src/proof/prove.ts';
import type { GuestProof } from '../../../src/proof/types.ts';
import type { DecodedLog, LoggedMeasurement } from '../../../src/sync/log.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { Correction } from '../../../src/time/correction.ts';
import { MOST_DRIFT_PPM } from '../../../src/time/drift.ts';
import type { SyncSample, Ticks } from '../../../src/time/types.ts';
import { bufferTimes } from '../../../src/timeline/buffer-times.ts';
import type { TraceFile } from '../../../src/trace-file/types.ts';
import type { TrackLayout } from '../../../src/tracks/types.ts';
import type { ClockBounds, ClockPicture } from '../protocol.ts';

/** Clocks of machines don't drift apart faster. */
const MOST_DRIFT = Number(MOST_DRIFT_PPM) / 1e6;

/** What is known of guests' clocks. Reads all events of hosts and guests once more. */
export async function clockPictures(
  traces: readonly TraceFile[],
  layout: TrackLayout,
  logs: ReadonlyMap<string, DecodedLog>,
): Promise<ClockPicture[]> {
  const proofs = await proveClocks(traces, { logs });
  return proofs.flatMap((proof) => {
    const file = traces.findIndex(({ source }) => source.name === proof.name);
    const machine = layout.machines.findIndex((one) => one.file === file);
    const trace = traces[file];
    return trace === undefined || machine < 0 ? [] : [picture(proof, trace, machine, layout.base, logs)];
  });
}

/** What samples say of how certain guests' times are; reads no events. */
export function clockBounds(files: readonly ReportFile[], { machines, base }: TrackLayout): ClockBounds[] {
  return machines.flatMap(({ file, host }, machine) => {
    const { trace } = files[file]!;
    if (host === undefined) return [];
    return (trace.timeShift?.cpus ?? []).flatMap((samples, cpu) => {
      if (!samples.some(({ bound }) => bound !== undefined)) return [];
      const { times, bounds } = samplesOf(trace, cpu, [...samples].sort(byTime), base);
      const [first, last] = [0, times.length - 1];
      const growth = last > 0 ? (bounds[first]! + bounds[last]!) / (times[last]! - times[first]!) : 0;
      return [{ machine, cpu, times, bounds, growth: Math.min(growth, MOST_DRIFT) }];
    });
  });
}

function picture(
  proof: GuestProof,
  trace: TraceFile,
  machine: number,
  base: bigint,
  logs: ReadonlyMap<string, DecodedLog>,
): ClockPicture {
  const log = logs.get(proof.name);
  const violations = proof.causality?.violations ?? [];
  return {
    machine,
    proof: proofJson(proof),
    cpus: proof.cpus.map(({ cpu }) => {
      const samples = [...(trace.timeShift?.cpus[cpu] ?? [])].sort(byTime);
      const measurements = log?.measurements.filter((one) => one.cpu === cpu);
      return { cpu, ...samplesOf(trace, cpu, samples, base), roundTrips: measurements && roundTrips(measurements) };
    }),
    violations: violations
      .map(({ rule, cpu, time, distance }) => ({ rule, cpu, time: Number(time - base), distance }))
      .sort((a, b) => a.time - b.time),
  };
}

const byTime = (a: SyncSample, b: SyncSample): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0);

function samplesOf(
  trace: TraceFile,
  cpu: number,
  samples: readonly SyncSample[],
  base: bigint,
): Omit<ClockPicture['cpus'][number], 'cpu' | 'roundTrips'> {
  const scale = scaleOf(trace);
  const buffer = trace.buffers.find(({ name }) => name === '') ?? { name: '', clock: '' };
  const settings = { mode: 'exact', rawTimes: false, ignoreDate: false, offset: 0n } as const;
  const correction = new Correction(cpu, bufferTimes(trace, buffer, settings));
  const first = samples[0]?.offset ?? 0n;
  return {
    times: Float64Array.from(samples, ({ time }) => Number(correction.correct(time as Ticks) - base)),
    offsets: Float64Array.from(samples, ({ offset }) => Number(offset - first) * scale),
    bounds: Float64Array.from(samples, ({ bound }) => (bound === undefined ? Number.NaN : Number(bound) * scale)),
  };
}

/** Of all probes whose echo came back, in the guest's own units: how long both ways took, less the time at the host. */
function roundTrips(measurements: readonly LoggedMeasurement[]): Float64Array {
  const times: number[] = [];
  for (const { probes } of measurements) {
    for (let i = 0; i < (probes?.count ?? 0); i++) {
      const { guestSend, guestReceive, hostReceive, hostSend } = probes as NonNullable<typeof probes>;
      if (guestSend[i] === 0n || guestReceive[i] === 0n) continue;
      times.push(Number(guestReceive[i]! - guestSend[i]! - (hostSend[i]! - hostReceive[i]!)));
    }
  }
  return Float64Array.from(times);
}
