import { Column } from '../../sync/runs/column.ts';
import type { Runs } from '../../sync/runs/runs.ts';
import { coverage, lowerBound, type Track } from '../../sync/runs/track.ts';
import { informative, type Line, type Region, vote } from '../../sync/runs/vote.ts';
import type { GuestTimes, HostRuns, VcpuThread } from '../collect.ts';
import { agreement } from './follow.ts';
import { tracksOf } from './tracks.ts';

/** How a guest's file goes with a host's: found by events alone. */
export interface Paired {
  readonly line: Line;
  /** Host thread by guest CPU; undefined for a CPU without events in common. */
  readonly pids: readonly (number | undefined)[];
  /** Of the events that the host's file covers, the share that lies in runs. */
  readonly share: number;
  readonly covered: number;
  /** How unlikely that is by chance: the natural logarithm of 1 in how many. */
  readonly evidence: number;
}

export interface PairSettings {
  /** Host threads that may have run the guest's CPUs; undefined: all. */
  readonly pids?: readonly number[] | undefined;
  /** Both clocks count the same crystal's ticks: they don't drift apart. */
  readonly sameCrystal: boolean;
}

/**
 * Widths of the bins in which offsets are counted, in units: coarse ones first, which tell idle guests in long
 * recordings, fine ones for hosts that exit quickly.
 */
const BINS = [320_000, 80_000, 20_000, 4_000];
/** Events of each CPU that vote. */
const VOTERS = 120;
/** Places of the vote that are looked at exactly. */
const CANDIDATES = 16;
/** An event outside of all runs speaks that strongly against an offset. */
const AGAINST = 6;
/** Rates that are tried where the clocks may drift apart, and the least distance between two. */
const FINEST = 10e-6;
const RATES = [0, 10, -10, 20, -20, 30, -30, 45, -45, 60, -60, 80, -80, 100, -100].map((ppm) => ppm * 1e-6);

/** So many of the covered events must lie in runs: the rates that are tried are not exact. */
const LEAST_SHARE = 0.98;
/** Some 20 for a million offsets that are possible, and 10 to be sure. */
const LEAST_EVIDENCE = 30;
/** A window of the guest's recording votes: long enough for so many silences, and no longer than drift allows. */
const SILENCE = 100_000;
const SILENCES = 150;
const SHORTEST_WINDOW = 500_000_000;

/**
 * Finds out when a guest's file was recorded, and which host threads ran its vCPUs, without any hint: the events of a
 * window of the guest's recording vote on all offsets at which it can lie within the host's. Both clocks must count
 * the same unit. Gives what stands out, likely ones first: work that repeats itself can look alike at other times.
 */
export function* pairingsByEvents(host: HostRuns, guest: GuestTimes, settings: PairSettings): Generator<Paired> {
  const window = richestWindow(guest);
  const cpus = guest.cpus.map((times, cpu) => ({
    cpu,
    times: times.subarray(lowerBound(times, window.from), lowerBound(times, window.to)),
    threads: threadsFor(host, cpu, settings.pids),
  }));
  const time = (window.from + window.to) / 2;
  const { sameCrystal } = settings;
  const given: Paired[] = [];
  for (const bin of BINS) {
    for (const rate of sameCrystal ? [0] : ratesFor(window.to - window.from, bin)) {
      const found = candidates(cpus, { time, rate, bin })
        .map((offset) => judged(cpus, { time, offset, rate }, bin, sameCrystal))
        .filter((paired) => paired !== undefined && standsOut(paired))
        .map((paired) => (sameCrystal ? ofAll(paired as Paired, host, guest) : (paired as Paired)))
        .filter(standsOut);
      for (const one of found.sort((a, b) => scoreOf(b) - scoreOf(a))) {
        if (given.some(({ line }) => Math.abs(line.offset - one.line.offset) <= bin)) continue;
        given.push(one);
        yield one;
      }
    }
  }
}

const standsOut = ({ share, evidence }: Paired): boolean => share >= LEAST_SHARE && evidence >= LEAST_EVIDENCE;

/** The same by all of the recording, not just the window: for clocks that don't drift. */
function ofAll(paired: Paired, host: HostRuns, guest: GuestTimes): Paired {
  const tracks = tracksOf(host, guest, (cpu) => paired.pids[cpu]);
  const { inside, covered } = agreement(tracks, paired.line);
  return { ...paired, covered, share: inside / covered };
}

/** The guest times of a window with many silences: events beside them lie near the ends of runs. */
function richestWindow({ cpus }: GuestTimes): { readonly from: number; readonly to: number } {
  const edges = Float64Array.from(
    cpus.flatMap((times) => [...times.filter((time, i) => i > 0 && time - (times[i - 1] as number) >= SILENCE)]),
  ).sort();
  const all = { from: Number.NEGATIVE_INFINITY, to: Number.POSITIVE_INFINITY };
  if (edges.length <= SILENCES) {
    const ends = cpus
      .filter((times) => times.length > 0)
      .flatMap((times) => [times[0] as number, times.at(-1) as number]);
    return ends.length === 0 ? all : { from: Math.min(...ends), to: Math.max(...ends) + 1 };
  }
  let best = all;
  for (let i = SILENCES; i < edges.length; i++) {
    const from = edges[i - SILENCES] as number;
    const to = edges[i] as number;
    if (to - from < best.to - best.from) best = { from, to };
  }
  const missing = Math.max(0, SHORTEST_WINDOW - (best.to - best.from)) / 2;
  return { from: best.from - missing, to: best.to + missing };
}

/** Rates that differ by a bin within a window. */
function ratesFor(length: number, bin: number): number[] {
  const kept: number[] = [];
  for (const rate of RATES) if (kept.every((other) => Math.abs(rate - other) * length > bin)) kept.push(rate);
  return kept;
}

interface Voters {
  readonly cpu: number;
  /** In the window. */
  readonly times: Float64Array;
  readonly threads: readonly VcpuThread[];
}

/** Threads that can have run a guest's CPU: those of that vCPU number, or place among the numbers. */
function threadsFor({ threads }: HostRuns, cpu: number, pids: readonly number[] | undefined): VcpuThread[] {
  const all = [...threads.values()].filter(({ pid }) => pids === undefined || pids.includes(pid));
  const ids = [...new Set(all.map(({ vcpuId }) => vcpuId))].sort((a, b) => (a ?? -1) - (b ?? -1));
  const wanted = ids.includes(cpu) ? cpu : ids[cpu];
  return all.filter(({ vcpuId }) => vcpuId === undefined || vcpuId === wanted);
}

function isBetter(a: Paired, b: Paired | undefined): boolean {
  return b === undefined || scoreOf(a) > scoreOf(b);
}

/** What events in runs say for an offset, and the others against it. */
function scoreOf({ share, covered }: Paired): number {
  return covered * (share - AGAINST * (1 - share));
}

/** A line whose offset is asked for, and how exactly. */
interface Election {
  readonly time: number;
  readonly rate: number;
  readonly bin: number;
}

/** The offsets with the best votes, to about a bin. */
function candidates(cpus: readonly Voters[], election: Election): number[] {
  const { bin } = election;
  const range = overlap(cpus);
  if (range === undefined) return [];
  const count = Math.ceil((range.high - range.low) / bin) + 1;
  if (count > MOST_BINS) return [];
  const total = new Float32Array(count);
  for (const { times, threads } of cpus) {
    if (times.length === 0 || threads.length === 0) continue;
    const own = new Float32Array(count).fill(Number.NEGATIVE_INFINITY);
    for (const { runs } of threads) addVotes(own, times, coarse(runs, 2 * bin), range.low, election);
    for (let i = 0; i < count; i++) total[i]! += own[i] as number;
  }
  return peaks(total).map((i) => range.low + i * bin);
}

/** Two recordings of an hour and a half each in the coarsest bins, of a minute each in the finest. */
const MOST_BINS = 1 << 25;

/** All offsets at which some of the guest's events lie where the host's file tells of their vCPU. */
function overlap(cpus: readonly Voters[]): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { times, threads } of cpus) {
    for (const { runs } of threads) {
      const { from, to } = coverage(runs);
      if (times.length === 0 || !(to > from)) continue;
      low = Math.min(low, from - (times[times.length - 1] as number));
      high = Math.max(high, to - (times[0] as number));
    }
  }
  return high > low ? { low, high } : undefined;
}

/** Runs joined where less than `gap` is between them: bins of that size don't tell them apart. */
function coarse({ starts, ends }: Runs, gap: number): Runs {
  const [from, to] = [new Column(), new Column()];
  for (let k = 0; k < starts.length; k++) {
    if (k > 0 && (starts[k] as number) - to.last < gap) to.last = ends[k] as number;
    else {
      from.push(starts[k] as number);
      to.push(ends[k] as number);
    }
  }
  return { starts: from.finish(), ends: to.finish() };
}

/** The votes of one CPU's events, if a thread with these runs ran it; kept is the better of it and what is in `own`. */
function addVotes(
  own: Float32Array,
  times: Float64Array,
  runs: Runs,
  low: number,
  { time, rate, bin }: Election,
): void {
  const count = own.length;
  const inside = new Int32Array(count + 1);
  const covered = new Int32Array(count + 1);
  const { from, to } = coverage(runs);
  const { starts, ends } = runs;
  const binOf = (offset: number): number => Math.min(count, Math.max(0, Math.round((offset - low) / bin)));
  for (const index of informative(times, 0, times.length, VOTERS)) {
    const guest = times[index] as number;
    const at = guest + rate * (guest - time);
    covered[binOf(from - at)]!++;
    covered[binOf(to - at)]!--;
    for (let k = 1; k < starts.length - 1; k++) {
      // A bin that a run reaches into counts as a whole: what is exact comes later.
      inside[binOf((starts[k] as number) - at - bin / 2)]!++;
      inside[binOf((ends[k] as number) - at + bin / 2)]!--;
    }
  }
  const forIt = -Math.log(runningShare(runs));
  let isIn = 0;
  let all = 0;
  for (let i = 0; i < count; i++) {
    isIn += inside[i] as number;
    all += covered[i] as number;
    const both = Math.min(isIn, all);
    const score = forIt * both - AGAINST * (all - both);
    if (score > (own[i] as number)) own[i] = score;
  }
}

/** The bins with the best votes, each the best of its neighbourhood. */
function peaks(total: Float32Array): number[] {
  const found: number[] = [];
  for (let i = 0; i < total.length; i++) {
    const value = total[i] as number;
    if (value <= 0 || value < (total[i - 1] ?? 0) || value <= (total[i + 1] ?? 0)) continue;
    found.push(i);
  }
  return found.sort((a, b) => (total[b] as number) - (total[a] as number)).slice(0, CANDIDATES);
}

/** Rates are tried as finely as makes so little of a difference at the ends of a window, in units. */
const LEAST_TURN = 200;

/** Which threads an offset speaks for, and how well: exactly, at the best line near it. */
function judged(cpus: readonly Voters[], near: Line, bin: number, sameCrystal: boolean): Paired | undefined {
  const tracks = cpus.map((voters) => bestTrack(voters, near));
  let best: Paired | undefined;
  const attempt = (rate: number): void => {
    if (best?.share === 1) return;
    const found = pairedAt(cpus, tracks, { ...near, rate }, bin);
    if (found && isBetter(found, best)) best = found;
  };
  for (const more of sameCrystal ? [0] : RATES) attempt(near.rate + more);
  if (sameCrystal || best === undefined) return best;
  const length = Math.max(...cpus.map(({ times }) => (times.at(-1) ?? 0) - (times[0] ?? 0)));
  for (let step = FINEST / 2; step * length > LEAST_TURN; step /= 2) {
    const { rate } = best.line;
    for (const side of [-1, 1]) attempt(rate + side * step);
  }
  return best;
}

/** How well the best offset near a line's does. `tracks`: of the CPUs, by place. */
function pairedAt(
  cpus: readonly Voters[],
  tracks: readonly ReturnType<typeof bestTrack>[],
  { time, offset, rate }: Line,
  bin: number,
): Paired | undefined {
  const known = tracks.filter((one) => one !== undefined);
  const ballot = { time, rate, low: offset - 2 * bin, high: offset + 2 * bin };
  const { total, regions } = vote(known, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ballot);
  const widest = regions.reduce<Region | undefined>(
    (a, b) => (a && a.high - a.low >= b.high - b.low ? a : b),
    undefined,
  );
  if (widest === undefined || total === 0) return undefined;
  const line = { time, rate, offset: (widest.low + widest.high) / 2 };
  const { inside, covered } = agreement(known, line);
  if (covered === 0) return undefined;
  const evidence = known.reduce(
    (sum, track) => sum - agreement([track], line).inside * Math.log(runningShare(track.runs)),
    0,
  );
  const pids = cpus.map(({ threads }, i) => tracks[i]?.pid ?? (threads.length === 1 ? threads[0]?.pid : undefined));
  return { line, pids, share: inside / covered, covered, evidence };
}

function bestTrack({ cpu, times, threads }: Voters, line: Line): (Track & { readonly pid: number }) | undefined {
  const results = threads.map(({ pid, runs }) => {
    const track = { cpu, times, runs, pid };
    const found = agreement([track], line);
    return { track, worth: worth(found), covered: found.covered };
  });
  const covered = results.filter((one) => one.covered > 0).sort((a, b) => b.worth - a.worth);
  return covered[0]?.track;
}

/** The chance that an event lies in a run if it can be anywhere. */
function runningShare(runs: Runs): number {
  const { starts, ends } = runs;
  const { from, to } = coverage(runs);
  let running = 0;
  for (let k = 1; k < starts.length - 1; k++) running += (ends[k] as number) - (starts[k] as number);
  return Math.min(0.995, Math.max(0.001, running / (to - from)));
}

function worth({ inside, covered }: { readonly inside: number; readonly covered: number }): number {
  return inside - AGAINST * (covered - inside);
}
