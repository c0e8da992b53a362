import { MOST_DRIFT } from '../../time/drift.ts';
import type { Runs } from '../runs/runs.ts';
import { runAtOrAfter } from '../runs/runs.ts';
import { coverage, type Track } from '../runs/track.ts';
import { type Region, vote } from '../runs/vote.ts';
import type { Probes, VcpuRuns } from '../types.ts';
import { Corridor } from './corridor.ts';
import type { Base, Limits, PlacedLimit } from './limits.ts';
import { median } from './median.ts';

const NO_LIMITS: Limits = { upper: [], lower: [] };
/** Of the messages to the host, so many must have made the vCPU exit: else another thread ran the guest's CPU. */
const LEAST_KICKS = 0.75;

/** How much of the median time that the vCPU is out may be due to drift. */
const SLACK_OF_OUT = 1 / 16;

/** Rates that are tried at most: of slow bursts, less can be told. */
const MOST_RATES = 64;

/** A guest stamp, relative to the base, and its place in the burst. */
interface Stamp {
  readonly place: number;
  readonly time: number;
}

/**
 * What the runs of a guest's CPU add to its messages: a guest stamps while its vCPU runs, so each stamp is behind a
 * kvm_entry and before the next kvm_exit. Which run it is, the messages leave open; but of the offsets that they
 * allow, few put all stamps into runs. What holds for all of those is sure. Nothing is added where there are none, or
 * where the runs can't be those of that CPU.
 */
export function runLimits(probes: Probes, base: Base, messages: Limits): Limits {
  if (!probes.runs || messages.upper.length === 0 || messages.lower.length === 0) return NO_LIMITS;
  const stamps = stampsOf(probes, base);
  const times = Float64Array.from(stamps, ({ time }) => time);
  if (times.some((time, i) => i > 0 && time < (times[i - 1] as number))) return NO_LIMITS;
  const runs = relativeRuns(probes.runs, base);
  const time = ((times[0] as number) + (times[times.length - 1] as number)) / 2;
  const allowed = new Corridor(messages.upper, messages.lower).range(time, -MOST_DRIFT, MOST_DRIFT);
  const possible = allowed && possibleLines({ cpu: 0, times, runs }, { time, ...allowed });
  if (!possible) return NO_LIMITS;
  if (!isKicked(probes, runs, base, (possible.low + possible.high) / 2)) return NO_LIMITS;
  return limitsWithin(stamps, runs, possible);
}

/** Lines that put all stamps into runs: offsets at a time, and rates; and by how much they may miss a run's ends. */
interface Lines {
  readonly time: number;
  readonly low: number;
  readonly high: number;
  readonly slowest: number;
  readonly fastest: number;
  readonly slack: number;
}

/**
 * All that is possible of a range of offsets. Rates are tried so finely that between two of them no stamp moves by much of
 * the time that the vCPU is out.
 */
function possibleLines(track: Track, { time, low, high }: Pick<Lines, 'time' | 'low' | 'high'>): Lines | undefined {
  const half = Math.max(1, time - (track.times[0] as number));
  const slack = Math.max(1, outTime(track.runs) * SLACK_OF_OUT, (MOST_DRIFT * half) / MOST_RATES);
  const count = Math.ceil((MOST_DRIFT * half) / slack);
  const step = (2 * MOST_DRIFT) / count;
  const wide = { ...track, runs: widened(track.runs, slack) };
  let found: Lines | undefined;
  for (let i = 0; i < count; i++) {
    const rate = (i + 0.5) * step - MOST_DRIFT;
    const ballot = { time, rate, low, high };
    const { total, regions } = vote([wide], Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ballot);
    const [first] = regions;
    // One stamp that lies in no run, wherever the offset is, and nothing of this rate is to be believed.
    if (!first || total === 0 || first.count < total) continue;
    const last = regions[regions.length - 1] as Region;
    found = {
      ...{ time, slack, slowest: found?.slowest ?? rate - step / 2, fastest: rate + step / 2 },
      low: Math.min(found?.low ?? first.low, first.low),
      high: Math.max(found?.high ?? last.high, last.high),
    };
  }
  return found;
}

/** How long the vCPU is out: the median. */
function outTime({ starts, ends }: Runs): number {
  return median(Array.from(starts.subarray(1), (start, k) => start - (ends[k] as number)));
}

/** The stamps that the guest's CPU made itself, in their order: what it received, another one may have stamped. */
function stampsOf({ count, guestSend }: Probes, base: Base): Stamp[] {
  const stamps: Stamp[] = [];
  for (let k = 0; k < count; k++) {
    const stamp = guestSend[k] as bigint;
    if (stamp !== 0n) stamps.push({ place: 2 * k, time: Number(stamp - base.time) });
  }
  return stamps;
}

/** Relative to the base; 0 stands for an end that is not known. */
function relativeRuns({ entries, exits }: VcpuRuns, { time, offset }: Base): Runs {
  const start = time + offset;
  const relative = (stamps: BigUint64Array, unknown: number): Float64Array =>
    Float64Array.from(stamps, (stamp) => (stamp === 0n ? unknown : Number(stamp - start)));
  return { starts: relative(entries, Number.NEGATIVE_INFINITY), ends: relative(exits, Number.POSITIVE_INFINITY) };
}

/** Runs that are longer at both ends; those that then overlap are one. */
function widened({ starts, ends }: Runs, by: number): Runs {
  const from: number[] = [];
  const to: number[] = [];
  for (let k = 0; k < starts.length; k++) {
    const start = (starts[k] as number) - by;
    const end = (ends[k] as number) + by;
    if (to.length > 0 && start <= (to[to.length - 1] as number)) to[to.length - 1] = end;
    else {
      from.push(start);
      to.push(end);
    }
  }
  return { starts: Float64Array.from(from), ends: Float64Array.from(to) };
}

/** Whether the vCPU mostly exited on a message's way to the host, as whoever sends over virtio makes it do. */
function isKicked({ count, guestSend, hostReceive }: Probes, runs: Runs, base: Base, offset: number): boolean {
  const { from, to } = coverage(runs);
  let judged = 0;
  let kicked = 0;
  for (let k = 0; k < count; k++) {
    const [guest, host] = [guestSend[k] as bigint, hostReceive[k] as bigint];
    if (guest === 0n || host === 0n) continue;
    const sent = Number(guest - base.time) + offset;
    const received = Number(host - base.time - base.offset);
    if (sent < from || received > to) continue;
    judged++;
    if ((runs.ends[runAtOrAfter(runs, sent)] as number) <= received) kicked++;
  }
  return judged > 0 && kicked >= LEAST_KICKS * judged;
}

/** Of each stamp: from the first run that it can lie in to the last one, whichever of the lines is true. */
function limitsWithin(stamps: readonly Stamp[], runs: Runs, lines: Lines): Limits {
  const upper: PlacedLimit[] = [];
  const lower: PlacedLimit[] = [];
  const { slowest, fastest, slack } = lines;
  for (const { place, time } of stamps) {
    const turns = [slowest * (time - lines.time), fastest * (time - lines.time)] as const;
    const first = runAtOrAfter(runs, time + lines.low + Math.min(...turns) - slack);
    const latest = time + lines.high + Math.max(...turns) + slack;
    let last = first;
    while ((runs.starts[last + 1] ?? Number.POSITIVE_INFINITY) <= latest) last++;
    const least = (runs.starts[first] as number) - time;
    const most = (runs.ends[last] as number) - time;
    if (least !== Number.NEGATIVE_INFINITY) lower.push({ place, time, value: least });
    if (most !== Number.POSITIVE_INFINITY) upper.push({ place, time, value: most });
  }
  return { upper, lower };
}
