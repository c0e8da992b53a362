import type { GuestTimes, HostRuns, VcpuThread } from '../collect.ts';
import type { Runs } from '../runs.ts';
import { agreement } from './follow.ts';
import { coverage, type Track } from './tracks.ts';
import { informative, type Line, type Region, vote } from './vote.ts';

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

const MOST_BINS = 1 << 21;
const FINEST_BIN = 20_000;
/** Events of each CPU that vote. */
const VOTERS = 400;
/** Places of the vote that are looked at exactly. */
const CANDIDATES = 24;
/** An event outside of all runs speaks that strongly against an offset. */
const AGAINST = 6;
/** Rates that are tried, in parts per million: most clocks of one machine don't drift apart at all. */
const RATES = [0, 10, -10, 20, -20, 30, -30, 45, -45, 60, -60, 80, -80, 100, -100].map((ppm) => ppm * 1e-6);
/** This share of events in runs is as good as it gets. */
const ENOUGH = 0.995;
const LEAST_SHARE = 0.98;
/** Some 20 for a million offsets that are possible, and 10 to be sure. */
const LEAST_EVIDENCE = 30;

/**
 * Finds out when a guest's file was recorded, and which host threads ran its vCPUs, without any hint: events vote on
 * all offsets at which the two recordings overlap. Both clocks must count the same unit. Undefined when no offset
 * stands out.
 */
export function pairByEvents(host: HostRuns, guest: GuestTimes, settings: PairSettings): Paired | undefined {
  const { pids, sameCrystal } = settings;
  const cpus = guest.cpus.map((times, cpu) => ({ cpu, times, threads: threadsFor(host, cpu, pids) }));
  let best: Paired | undefined;
  for (const rate of sameCrystal ? [0] : RATES) {
    const { offsets, bin } = candidates(cpus, rate);
    for (const offset of offsets) {
      const paired = judged(cpus, { time: 0, offset, rate }, bin);
      if (paired && isBetter(paired, best)) best = paired;
    }
    if (best && best.share >= ENOUGH) break;
  }
  return best && best.share >= LEAST_SHARE && best.evidence >= LEAST_EVIDENCE ? best : undefined;
}

interface Voters {
  readonly cpu: number;
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

/** The offsets with the best votes, each at guest time 0, to about `bin`. */
function candidates(cpus: readonly Voters[], rate: number): { readonly offsets: number[]; readonly bin: number } {
  const range = overlap(cpus, rate);
  if (range === undefined) return { offsets: [], bin: FINEST_BIN };
  const bin = Math.max(FINEST_BIN, (range.high - range.low) / MOST_BINS);
  const count = Math.ceil((range.high - range.low) / bin) + 1;
  const total = new Float32Array(count);
  for (const { times, threads } of cpus) {
    const own = new Float32Array(count).fill(threads.length > 0 ? Number.NEGATIVE_INFINITY : 0);
    for (const { runs } of threads) addVotes(own, { times, runs, rate, low: range.low, bin });
    for (let i = 0; i < count; i++) total[i]! += own[i] as number;
  }
  return { offsets: peaks(total).map((i) => range.low + i * bin), bin };
}

/** All offsets at which some of the guest's events lie where the host's file tells of their vCPU. */
function overlap(cpus: readonly Voters[], rate: number): { low: number; high: number } | undefined {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { times, threads } of cpus) {
    for (const { runs } of threads) {
      const { from, to } = coverage(runs);
      if (times.length === 0 || !(to > from)) continue;
      low = Math.min(low, from - (times[times.length - 1] as number) * (1 + rate));
      high = Math.max(high, to - (times[0] as number) * (1 + rate));
    }
  }
  return high > low ? { low, high } : undefined;
}

interface Election {
  readonly times: Float64Array;
  readonly runs: Runs;
  readonly rate: number;
  readonly low: number;
  readonly bin: number;
}

/** The votes of one CPU's events, if this thread ran it; the better of it and what is in `own` already. */
function addVotes(own: Float32Array, { times, runs, rate, low, bin }: Election): void {
  const count = own.length;
  const inside = new Float32Array(count + 1);
  const covered = new Float32Array(count + 1);
  const { from, to } = coverage(runs);
  const { starts, ends } = runs;
  const binOf = (offset: number): number => Math.min(count, Math.max(0, Math.round((offset - low) / bin)));
  for (const index of informative(times, 0, times.length, VOTERS)) {
    const at = (times[index] as number) * (1 + rate);
    covered[binOf(from - at)]!++;
    covered[binOf(to - at)]!--;
    for (let k = 1; k < starts.length - 1; k++) {
      // A bin that a run reaches into counts as a whole: what is exact comes later.
      inside[Math.max(0, binOf((starts[k] as number) - at - bin / 2))]!++;
      inside[Math.min(count, binOf((ends[k] as number) - at + bin / 2))]!--;
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

/** Which threads an offset speaks for, and how well: exactly, at the best offset near it. */
function judged(cpus: readonly Voters[], near: Line, bin: number): Paired | undefined {
  const tracks = cpus.map((voters) => bestTrack(voters, near));
  const known = tracks.filter((one) => one !== undefined);
  const { offset } = near;
  const ballot = { time: 0, rate: near.rate, low: offset - 2 * bin, high: offset + 2 * bin };
  const { regions } = vote(known, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, ballot);
  const widest = regions.reduce<Region | undefined>(
    (a, b) => (a && a.high - a.low >= b.high - b.low ? a : b),
    undefined,
  );
  if (widest === undefined) return undefined;
  const line = { ...near, offset: (widest.low + widest.high) / 2 };
  const { inside, covered } = agreement(known, line);
  if (covered === 0) return undefined;
  const evidence = known.reduce(
    (sum, track) => sum - agreement([track], line).inside * Math.log(runningShare(track.runs)),
    0,
  );
  return { line, pids: tracks.map((one) => one?.pid), share: inside / covered, covered, evidence };
}

/** The chance that an event lies in a run if it can be anywhere. */
function runningShare(runs: Runs): number {
  const { starts, ends } = runs;
  const { from, to } = coverage(runs);
  let running = 0;
  for (let k = 1; k < starts.length - 1; k++) running += (ends[k] as number) - (starts[k] as number);
  return Math.min(0.995, Math.max(0.001, running / (to - from)));
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

function worth({ inside, covered }: { readonly inside: number; readonly covered: number }): number {
  return inside - AGAINST * (covered - inside);
}
