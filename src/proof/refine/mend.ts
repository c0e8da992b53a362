import { countSameUnit } from '../../sync/clocks.ts';
import type { Line } from '../../sync/runs/vote.ts';
import { countsTscTicks } from '../../time/clock.ts';
import { Correction } from '../../time/correction.ts';
import { INTERPOLATE } from '../../time/exact-sync.ts';
import type { Ticks, TimeShift } from '../../time/types.ts';
import { pairFiles } from '../../timeline/pairing.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { collectRuns, collectTimes, type GuestTimes, type HostRuns, NEEDED_EVENTS, runEvents } from '../collect.ts';
import { matchPackets, offsetByPackets } from '../matching/match-packets.ts';
import { receivedByHost, sentByGuest } from '../matching/packets.ts';
import { pairingsByEvents } from './pair.ts';
import { countViolations, expectedBySamples, refine } from './refine.ts';
import { tracksOf } from './tracks.ts';

/** What became of a guest's clock. Events: those that the host's file covers. */
export type Mended =
  /** A better relation. `pids`: host threads by guest CPU; `before`: events that the old one put into impossible places. */
  | {
      readonly kind: 'mended';
      readonly timeShift: TimeShift;
      readonly pids: readonly (number | undefined)[];
      readonly events: number;
      readonly before: number | undefined;
      readonly steps: number;
    }
  /** What the file says is as good as anything that its events tell. */
  | { readonly kind: 'kept'; readonly events: number }
  | { readonly kind: 'failed'; readonly why: string };

export interface MendSettings {
  /** Host threads that may have run the guest; undefined: all, if the host's file names none. */
  readonly pids?: readonly number[] | undefined;
}

/** Finds the relation of a guest's clock to its host's that their events prove, beginning with what the files say. */
export async function mendClock(host: TraceFile, guest: TraceFile, settings: MendSettings = {}): Promise<Mended> {
  const problem = otherUnits(host, guest);
  if (problem !== undefined && guest.timeShift === undefined) return { kind: 'failed', why: problem };
  const runs = runEvents(host) && (await collectRuns(host));
  if (runs === undefined || runs.threads.size === 0) {
    const { name } = host.source;
    return { kind: 'failed', why: `${name} holds no kvm_entry and kvm_exit; record the host with ${NEEDED_EVENTS}` };
  }
  const times = await collectTimes(guest);
  if (times.cpus.every(({ length }) => length === 0)) return { kind: 'failed', why: 'the guest recorded no events' };
  const stated = statedThreads(host, guest);
  if (stated.size > 0 && guest.timeShift?.cpus.some(({ length }) => length > 0)) {
    const found = mendBySamples({ host, guest, runs, times, pidOf: (cpu) => stated.get(cpu) }, guest.timeShift);
    if (found.kind !== 'failed' || problem !== undefined) return found;
  }
  if (problem !== undefined) return { kind: 'failed', why: problem };
  if (stated.size > 0) {
    const found = await mendByPackets({ host, guest, runs, times, pidOf: (cpu) => stated.get(cpu) });
    if (found.kind !== 'failed') return found;
  }
  const strangers = settings.pids?.filter((pid) => !runs.threads.has(pid)) ?? [];
  if (strangers.length > 0 && strangers.length === settings.pids?.length) {
    const known = [...runs.threads.keys()].sort((a, b) => a - b).join(', ');
    return {
      kind: 'failed',
      why: `no thread ${strangers.join(', ')} ran a vCPU of the host; those that did: ${known}`,
    };
  }
  return mendByEvents(host, guest, runs, times, settings.pids);
}

interface Parts {
  readonly host: TraceFile;
  readonly guest: TraceFile;
  readonly runs: HostRuns;
  readonly times: GuestTimes;
  readonly pidOf: (cpu: number) => number | undefined;
}

function mendBySamples(parts: Parts, original: TimeShift): Mended {
  const { guest, runs, times, pidOf } = parts;
  const result = refine({ ...parts, expected: expectedBySamples(original, runs, times) });
  if (result.kind === 'failed') return result;
  const { events, violated } = countViolations(tracksOf(runs, times, pidOf), original, runs, times);
  const pids = Array.from({ length: guest.cpuCount }, (_, cpu) => pidOf(cpu));
  const { steps } = result;
  if (violated > 0) return { kind: 'mended', timeShift: result.timeShift, pids, events, before: violated, steps };
  if (isBounded(original) && worstBound(original) <= worstBound(result.timeShift)) return { kind: 'kept', events };
  // The hypervisor's own numbers are exact; only their bounds are missing.
  const isExact = (original.flags & INTERPOLATE) === 0;
  const timeShift = isExact ? withProvedBounds(original, result.timeShift) : result.timeShift;
  return { kind: 'mended', timeShift, pids, events, before: 0, steps };
}

/** Packets of virtio sockets tell the offset without any search, where the threads of vCPUs are known. */
async function mendByPackets(parts: Parts): Promise<Mended> {
  const { host, guest, runs, times, pidOf } = parts;
  const [sent, received] = [await sentByGuest(guest, times), await receivedByHost(host, runs)];
  const packets = matchPackets(sent, received, (cpu) => runs.threads.get(pidOf(cpu) ?? -1)?.runs);
  const found = offsetByPackets(packets);
  if (found === undefined) return { kind: 'failed', why: 'packets tell nothing' };
  const { line } = found;
  // How the clocks drift, all events together know better.
  const expected = (time: number): Line => ({ time, offset: line.offset + line.rate * (time - line.time), rate: 0 });
  const result = refine({ ...parts, expected });
  if (result.kind === 'failed') return result;
  const pids = Array.from({ length: guest.cpuCount }, (_, cpu) => pidOf(cpu));
  return { ...result, kind: 'mended', pids, before: undefined };
}

function mendByEvents(
  host: TraceFile,
  guest: TraceFile,
  runs: HostRuns,
  times: GuestTimes,
  allowed: readonly number[] | undefined,
): Mended {
  const sameCrystal = countsTscTicks(host.traceClock ?? '') && countsTscTicks(guest.traceClock ?? '');
  let why =
    'no offset puts the events of the guest into times when vCPUs of the host ran: they were not recorded together, or show too little';
  let tries = 0;
  for (const { line, pids } of pairingsByEvents(runs, times, { pids: allowed, sameCrystal })) {
    const expected = (time: number): Line => ({ ...line, time, offset: line.offset + line.rate * (time - line.time) });
    const result = refine({ host, guest, runs, times, pidOf: (cpu) => pids[cpu], expected });
    if (result.kind !== 'failed') return { ...result, kind: 'mended', pids, before: undefined };
    why = result.why;
    if (++tries === MOST_TRIES) break;
  }
  return { kind: 'failed', why };
}

/** Places that looked right, and then were not. */
const MOST_TRIES = 8;

/** Why events can't pair two files; undefined when they can. */
function otherUnits(host: TraceFile, guest: TraceFile): string | undefined {
  const [a, b] = [host.traceClock ?? 'local', guest.traceClock ?? 'local'];
  if (countSameUnit(a, b)) return undefined;
  return `the clocks ${a} and ${b} count different units; record both with -C x86-tsc, or both with -C mono`;
}

/** Host threads by guest CPU, as the host's file names them. */
function statedThreads(host: TraceFile, guest: TraceFile): Map<number, number> {
  const { guestCpusOf } = pairFiles([host, guest]);
  return new Map([...(guestCpusOf[0] ?? [])].map(([pid, { cpu }]) => [cpu, pid]));
}

const isBounded = ({ cpus }: TimeShift): boolean =>
  cpus.every((list) => list.every(({ bound }) => bound !== undefined));

function worstBound({ cpus }: TimeShift): bigint {
  return cpus.flat().reduce((worst, { bound = 0n }) => (bound > worst ? bound : worst), 0n);
}

/** Samples as they are, with the farthest that the truth can be from them by what was found, within the recording. */
function withProvedBounds(original: TimeShift, found: TimeShift): TimeShift {
  const cpus = original.cpus.map((samples, cpu) => {
    const list = found.cpus[cpu] ?? [];
    const [own, other] = [original, found].map(
      (timeShift) => new Correction(cpu, { mode: 'exact', timeShift, offset: 0n }),
    ) as [Correction, Correction];
    const farthest = list.reduce((worst, { time, bound = 0n }) => {
      const apart = own.correct(time as Ticks) - other.correct(time as Ticks);
      const all = (apart < 0n ? -apart : apart) + bound;
      return all > worst ? all : worst;
    }, 0n);
    return samples.map((sample) => ({ ...sample, bound: sample.bound ?? farthest }));
  });
  return { ...original, cpus };
}
