import { isOneClock } from '../../sync/clocks.ts';
import { runAtOrAfter } from '../../sync/runs/runs.ts';
import { coverage, lowerBound, type Track } from '../../sync/runs/track.ts';
import type { Line } from '../../sync/runs/vote.ts';
import { countsTscTicks } from '../../time/clock.ts';
import { Correction } from '../../time/correction.ts';
import { INTERPOLATE } from '../../time/exact-sync.ts';
import type { SyncSample, Ticks, TimeShift } from '../../time/types.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import type { GuestTimes, HostRuns } from '../collect.ts';
import { follow } from './follow.ts';
import { constraintsOf, type Knot, knotsOfStretch, valueAt } from './relation.ts';
import { type Frame, joined, sameCounts, samplesOf } from './samples.ts';
import { seed } from './seed.ts';
import { tracksOf } from './tracks.ts';

/** What a guest's clock is refined from. */
export interface RefineParts {
  readonly host: TraceFile;
  readonly guest: TraceFile;
  readonly runs: HostRuns;
  readonly times: GuestTimes;
  /** Host thread of a guest CPU. */
  readonly pidOf: (cpu: number) => number | undefined;
  /** Where the search begins: offset, by guest time; relative to the bases of `runs` and `times`. */
  readonly expected: (time: number) => Line;
}

export type Refined =
  /** A relation that no event contradicts. `steps`: how often a clock was found to jump. */
  | { readonly kind: 'refined'; readonly timeShift: TimeShift; readonly steps: number; readonly events: number }
  | { readonly kind: 'failed'; readonly why: string };

/** How far around the expected offset is searched, in units; one after the other. */
const REACHES = [1_000_000, 20_000_000];

/** The relation of a guest's clock to its host's that the guest's events and the runs of its vCPUs demand. */
export function refine(parts: RefineParts): Refined {
  const { host, guest, runs, times, pidOf } = parts;
  const tracks = tracksOf(runs, times, pidOf);
  if (tracks.length === 0) return failed('no events of a vCPU are known from both sides');
  // A clock per CPU may be one all the same, and then all events tell about it together.
  const all = solve(tracks, parts);
  const groups = all ? [all] : isOneClock(guest.traceClock) ? [] : tracks.map((track) => solve([track], parts));
  const solved = groups.filter((group) => group !== undefined);
  if (solved.length === 0 || solved.length < groups.length) {
    return failed(
      'no line through the times when vCPUs ran fits their events: too few events, or other threads ran them',
    );
  }
  const byCpu = Array.from({ length: Math.max(guest.cpuCount, 1) }, (_, cpu) => nearestGroup(solved, cpu).samples);
  const timeShift = {
    peerTraceId: host.traceId ?? guest.timeShift?.peerTraceId ?? 0n,
    flags: INTERPOLATE,
    cpus: sameCounts(byCpu),
  };
  const { events, violated } = countViolations(tracks, timeShift, runs, times);
  if (violated > 0) return failed(`${violated} of ${events} events contradict every relation that was found`);
  return { kind: 'refined', timeShift, steps: Math.max(...solved.map(({ steps }) => steps)), events };
}

const failed = (why: string): Refined => ({ kind: 'failed', why });

interface Solved {
  readonly cpus: readonly number[];
  readonly samples: SyncSample[];
  readonly steps: number;
}

function solve(tracks: readonly Track[], { host, guest, runs, times, expected }: RefineParts): Solved | undefined {
  const sameCrystal = countsTscTicks(host.traceClock ?? '') && countsTscTicks(guest.traceClock ?? '');
  for (const reach of REACHES) {
    const line = seed(tracks, expected, reach);
    if (!line) continue;
    const stretches = follow(tracks, line);
    const knots = stretches.map((stretch) => {
      return knotsOfStretch(stretch, constraintsOf(tracks, stretch, line.rate, line.time), { sameCrystal });
    });
    const kept = knots.filter((one) => one !== undefined);
    if (kept.length === 0 || kept.length < knots.length) continue;
    const frame: Frame = {
      ...{ guestBase: times.base, offset: runs.base - times.base },
      ...{ start: line.time, rate: line.rate },
    };
    return {
      cpus: tracks.map(({ cpu }) => cpu),
      samples: samplesOf(
        joined(kept, (a, b) => stepBetween(tracks, a, b, line)),
        frame,
      ),
      steps: kept.length - 1,
    };
  }
  return undefined;
}

/** Where a clock stepped between two stretches: most events before it keep to the one, most behind it to the other. */
function stepBetween(tracks: readonly Track[], before: readonly Knot[], after: readonly Knot[], line: Line): number {
  const from = (before[before.length - 1] as Knot).time;
  const to = (after[0] as Knot).time;
  const events = tracks.flatMap(({ times, runs }) => {
    const own = [...times.subarray(lowerBound(times, from), lowerBound(times, to))];
    const fits = (knots: readonly Knot[], time: number): number => {
      const host = time + line.rate * (time - line.time) + valueAt(knots, time);
      return (runs.starts[runAtOrAfter(runs, host)] as number) <= host ? 1 : 0;
    };
    return own.map((time) => ({ time, gain: fits(before, time) - fits(after, time) }));
  });
  events.sort((a, b) => a.time - b.time);
  let best = { step: events[0]?.time ?? (from + to) / 2, sum: 0 };
  let sum = 0;
  for (const [i, { gain }] of events.entries()) {
    sum += gain;
    const step = events[i + 1]?.time ?? to;
    if (sum > best.sum) best = { step, sum };
  }
  return best.step;
}

function nearestGroup(groups: readonly Solved[], cpu: number): Solved {
  const distance = ({ cpus }: Solved): number => Math.min(...cpus.map((other) => Math.abs(other - cpu)));
  return groups.reduce((a, b) => (distance(b) < distance(a) ? b : a));
}

/** How many events a relation puts where their vCPU did not run, as trace-cmd and as this program computes it. */
export function countViolations(
  tracks: readonly Track[],
  timeShift: TimeShift,
  runs: HostRuns,
  times: GuestTimes,
): { readonly events: number; readonly violated: number } {
  let events = 0;
  let violated = 0;
  for (const { cpu, times: list, runs: own } of tracks) {
    const { from, to } = coverage(own);
    const corrections = (['exact', 'stock'] as const).map(
      (mode) => new Correction(cpu, { mode, timeShift, offset: -runs.base }),
    );
    for (const time of list) {
      const raw = (times.base + BigInt(time)) as Ticks;
      let isOutside = false;
      let isCovered = false;
      for (const correction of corrections) {
        const at = Number(BigInt.asIntN(64, correction.correct(raw)));
        if (at < from || at > to) continue;
        isCovered = true;
        isOutside ||= (own.starts[runAtOrAfter(own, at)] as number) > at;
      }
      if (isCovered) events++;
      if (isOutside) violated++;
    }
  }
  return { events, violated };
}

/** Where a file's samples put the offset: the middle one of what its CPUs' samples say. */
export function expectedBySamples(timeShift: TimeShift, runs: HostRuns, times: GuestTimes): (time: number) => Line {
  const corrections = timeShift.cpus.map(
    (_, cpu) => new Correction(cpu, { mode: 'exact', timeShift, offset: -runs.base }),
  );
  const offsetAt = (time: number): number => {
    const raw = (times.base + BigInt(Math.max(0, Math.round(time)))) as Ticks;
    const all = corrections.map((correction) => Number(BigInt.asIntN(64, correction.correct(raw))) - time);
    return all.sort((a, b) => a - b)[all.length >> 1] as number;
  };
  const last = Math.max(...times.cpus.map((list) => list[list.length - 1] ?? 0), 1);
  const slope = (offsetAt(last) - offsetAt(0)) / last;
  // What is less than clocks of one unit drift apart is noise of the samples, or found out soon.
  const rate = Math.abs(slope) > OTHER_UNITS ? slope : 0;
  return (time) => ({ time, offset: offsetAt(time), rate });
}

/** As for the lines that readers draw: from here on the clocks count different units. */
const OTHER_UNITS = 0.01;
