import { unitOf } from '../proof/prove.ts';
import { vcpuThreads } from '../proof/vcpu-threads.ts';
import type { ReportFile } from '../text/report/report-file.ts';
import { Correction, type CorrectionRules } from '../time/correction.ts';
import type { Ticks } from '../time/types.ts';
import { bufferTimes, mergeOrder, type TimeSettings } from '../timeline/buffer-times.ts';
import { pairFiles } from '../timeline/pairing.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import { lastStamp } from '../trace-file/last-stamp.ts';
import type { TraceBuffer } from '../trace-file/types.ts';
import { filledKinds } from './track-events.ts';
import type { Machine, Track, TrackLayout, VcpuTrack } from './types.ts';

export interface TrackSettings {
  /** `raw`: guests' stamps as recorded, moved as a whole so that their first events lie where corrected ones do. */
  readonly clock: 'corrected' | 'raw';
  /** Only events in this part, both ends included: times as in columns. The layout is the same without it. */
  readonly range?: { readonly from: number; readonly to: number } | undefined;
}

/** Where a lane's events are, and how their stamps are corrected. */
export interface LaneSource {
  /** Place of the lane in `TrackLayout.tracks`. */
  readonly track: number;
  /** Index of the file. */
  readonly file: number;
  readonly buffer: TraceBuffer;
  readonly cpu: number;
  readonly rules: CorrectionRules;
}

/** What of some files goes where. */
export interface TrackPlan {
  readonly layout: TrackLayout;
  readonly settings: TrackSettings;
  /** Lanes with events, in the order in which those of the same time go. */
  readonly lanes: readonly LaneSource[];
  /** What of the files is not on the timeline, one line each. */
  readonly warnings: readonly string[];
}

const EXACT: TimeSettings = { mode: 'exact', rawTimes: false, ignoreDate: false, offset: 0n };

/** A lane whose ends are known. */
interface Span extends Omit<LaneSource, 'track'> {
  /** As stamped. */
  readonly rawFirst: Ticks;
  readonly rawLast: Ticks;
  /** On the timeline's clock. */
  readonly first: bigint;
  readonly last: bigint;
}

/**
 * Machines and tracks of some files, hosts and guests in any order. Reads the first and the last event of each CPU
 * and, where a host's file names no threads of its guest, once the whole host. A track is there where the file
 * describes the events that fill it, recorded or not: it may stay empty. A guest's CPU has one of tasks in any case, for
 * what was taken from it.
 */
export async function layoutOf(files: readonly ReportFile[], settings: TrackSettings): Promise<TrackPlan> {
  const warnings: string[] = [];
  const all = await spansOf(files);
  const spans = onOneClock(all, files, warnings);
  const placed = settings.clock === 'raw' ? spans.map((span) => uncorrected(span, spans)) : spans;
  const base = placed.reduce((least, { first }) => (first < least ? first : least), placed[0]?.first ?? 0n);
  const end = placed.reduce((most, { last }) => (last > most ? last : most), base);
  const machines = machinesOf(files);
  const vcpus = await vcpuTracks(files, machines);
  const tracks: Track[] = [];
  const trackOf = new Map<Span, number>();
  for (const [machine, { file, host }] of machines.entries()) {
    const own = placed.filter((span) => span.file === file);
    tracks.push(...vcpus.filter((track) => track.machine === machine));
    tracks.push(...cpuTracks(machine, own, files[file]!, host !== undefined));
    for (const span of own) {
      trackOf.set(span, tracks.length);
      tracks.push({ kind: 'events', machine, cpu: span.cpu, buffer: span.buffer.name });
    }
  }
  const unit = files.every(({ trace }) => unitOf(trace) === 'ns') ? 'ns' : 'ticks';
  const lanes = placed.map((span): LaneSource => {
    const { file, buffer, cpu, rules } = span;
    return { track: trackOf.get(span)!, file, buffer, cpu, rules };
  });
  return { layout: { base, end: Number(end - base), unit, machines, tracks }, settings, lanes, warnings };
}

/** All CPUs that have events, with times as they are corrected. */
async function spansOf(files: readonly ReportFile[]): Promise<Span[]> {
  const traces = files.map(({ trace }) => trace);
  const spans = mergeOrder(traces).map(async ({ file, buffer: place, cpu }): Promise<Span | undefined> => {
    const trace = traces[file]!;
    const buffer = trace.buffers[place]!;
    const stream = openCpuStream(trace, buffer, cpu, { windowBytes: buffer.layout.size, lookahead: false });
    const [first, last] = await Promise.all([stream.firstTime(), lastStamp(trace, buffer, cpu)]);
    if (first === undefined || last === undefined) return undefined;
    return spanOf(file, buffer, cpu, first as Ticks, last as Ticks, bufferTimes(trace, buffer, EXACT));
  });
  return (await Promise.all(spans)).filter((span) => span !== undefined);
}

function spanOf(
  file: number,
  buffer: TraceBuffer,
  cpu: number,
  rawFirst: Ticks,
  rawLast: Ticks,
  rules: CorrectionRules,
): Span {
  const correction = new Correction(cpu, rules);
  const [first, last] = [correction.correct(rawFirst), correction.correct(rawLast)];
  return { file, buffer, cpu, rules, rawFirst, rawLast, first, last };
}

/** Leaves out buffers of another clock than a file's first one with events: nothing tells how the two are related. */
function onOneClock(spans: readonly Span[], files: readonly ReportFile[], warnings: string[]): Span[] {
  const clocks = files.map((_, file) => spans.find((span) => span.file === file)?.buffer.clock ?? '');
  const isOther = ({ file, buffer: { clock } }: Span): boolean => clock !== '' && clock !== clocks[file];
  for (const [file, { label, trace }] of files.entries()) {
    const own = spans.filter((span) => span.file === file);
    if (own.length === 0) warnings.push(`${label}: has no events`);
    for (const buffer of trace.buffers) {
      if (!own.some((span) => span.buffer === buffer && isOther(span))) continue;
      const name = buffer.name === '' ? 'the top buffer' : `buffer ${buffer.name}`;
      warnings.push(`${label}: ${name} is left out: its clock is ${buffer.clock}, not ${clocks[file]}`);
    }
  }
  return spans.filter((span) => !isOther(span));
}

/** A guest's span by its own clock, moved so that the guest's first event stays where it is. */
function uncorrected(span: Span, spans: readonly Span[]): Span {
  if (span.rules.timeShift === undefined) return span;
  const guest = spans.filter(({ file, rules }) => file === span.file && rules.timeShift !== undefined);
  const earliest = guest.reduce((least, one) => (one.first < least.first ? one : least));
  const plain = (one: Span): CorrectionRules => ({ ...one.rules, timeShift: undefined });
  const moved = earliest.first - new Correction(earliest.cpu, plain(earliest)).correct(earliest.rawFirst);
  const { file, buffer, cpu, rawFirst, rawLast, rules } = span;
  return spanOf(file, buffer, cpu, rawFirst, rawLast, { ...plain(span), offset: rules.offset + moved });
}

/** Each host, its guests behind it. */
function machinesOf(files: readonly ReportFile[]): Machine[] {
  const { hostOf, guestsOf } = pairFiles(files.map(({ trace }) => trace));
  const machines: Machine[] = [];
  const add = (file: number, host: number | undefined): void => {
    if (machines.some((machine) => machine.file === file)) return;
    const { label, trace } = files[file]!;
    const place = machines.push({ file, name: label, host, cpuCount: trace.cpuCount, clock: trace.traceClock }) - 1;
    for (const guest of guestsOf[file]!) add(guest, place);
  };
  for (const file of files.keys()) if (hostOf[file] === undefined) add(file, undefined);
  // Files that name each other in a circle have no host to begin with.
  for (const file of files.keys()) add(file, undefined);
  return machines;
}

/** Threads on hosts that run guests' CPUs, the lowest CPU first. */
async function vcpuTracks(files: readonly ReportFile[], machines: readonly Machine[]): Promise<VcpuTrack[]> {
  const tracks: VcpuTrack[] = [];
  for (const [host, { file }] of machines.entries()) {
    const guests = machines.flatMap((machine, place) => (machine.host === host ? [place] : []));
    if (guests.length === 0) continue;
    const group = [file, ...guests.map((place) => machines[place]!.file)];
    const threads = await vcpuThreads(group.map((one) => files[one]!.trace));
    for (const [pid, guest] of threads) {
      const machine = guests[guest.file - 1];
      if (machine !== undefined) tracks.push({ kind: 'vcpu', machine, cpu: guest.cpu, host, pid });
    }
  }
  return tracks.sort((a, b) => a.cpu - b.cpu);
}

/** What ran, interrupted and was called on each CPU, as far as the file's events can tell. */
function cpuTracks(machine: number, spans: readonly Span[], { events }: ReportFile, isGuest: boolean): Track[] {
  const filled = filledKinds(events);
  const kinds = isGuest && !filled.includes('tasks') ? (['tasks', ...filled] as const) : filled;
  const cpus = [...new Set(spans.map(({ cpu }) => cpu))].sort((a, b) => a - b);
  return cpus.flatMap((cpu) => kinds.map((kind): Track => ({ kind, machine, cpu })));
}
