import { runAtOrAfter } from './runs.ts';
import { coverage, lowerBound, type Track } from './track.ts';

/**
 * The offset of a moment is that of the host's clock over the guest's, both relative to their bases; an offset at
 * guest time t with a rate says host = guest + offset + rate * (guest - t).
 */
export interface Line {
  /** Guest time. */
  readonly time: number;
  readonly offset: number;
  /** Of the host's clock over the guest's, less 1. */
  readonly rate: number;
}

/** Offsets that the most events agree with, from low to high, both included. */
export interface Region {
  readonly low: number;
  readonly high: number;
  /** How many events lie in runs there. */
  readonly count: number;
}

export interface Vote {
  /** Events that were asked: those that the host's file covers wherever in the range the offset is. */
  readonly total: number;
  /** Where the count is the highest: ascending. */
  readonly regions: readonly Region[];
}

/** What is voted on: offsets from low to high at a guest time, and a rate. */
export interface Ballot {
  readonly time: number;
  readonly rate: number;
  readonly low: number;
  readonly high: number;
}

/** Events asked in one vote: more don't tell more. */
const MOST_EVENTS = 1500;

/**
 * Lets the events from guest time `from` up to `to` vote: each agrees with the offsets that put it into a run of its
 * vCPU. Exact, by the ends of all runs in reach.
 */
export function vote(tracks: readonly Track[], from: number, to: number, ballot: Ballot): Vote {
  const begins: number[] = [];
  const finishes: number[] = [];
  let total = 0;
  for (const track of tracks) {
    const first = lowerBound(track.times, from);
    const last = lowerBound(track.times, to);
    for (const index of informative(track.times, first, last, Math.ceil(MOST_EVENTS / tracks.length))) {
      if (addRuns(track, track.times[index] as number, ballot, begins, finishes)) total++;
    }
  }
  return { total, regions: best(Float64Array.from(begins).sort(), Float64Array.from(finishes).sort(), ballot) };
}

/** The offsets at which an event is in a run. False where the host's file may not cover it. */
function addRuns({ runs }: Track, guest: number, ballot: Ballot, begins: number[], finishes: number[]): boolean {
  const { time, rate, low, high } = ballot;
  const at = guest + rate * (guest - time);
  const { from, to } = coverage(runs);
  if (at + low < from || at + high > to) return false;
  const { starts, ends } = runs;
  for (let k = runAtOrAfter(runs, at + low); k < starts.length && (starts[k] as number) <= at + high; k++) {
    begins.push(Math.max(low, (starts[k] as number) - at));
    finishes.push(Math.min(high, (ends[k] as number) - at));
  }
  return true;
}

/** Up to `most` events, those with the longest silences before or after them: they are nearest to the ends of runs. */
export function informative(times: Float64Array, first: number, last: number, most: number): number[] {
  const all = Array.from({ length: last - first }, (_, i) => first + i);
  if (all.length <= most) return all;
  const silence = (index: number): number => {
    const time = times[index] as number;
    return Math.max(time - (times[index - 1] ?? time), (times[index + 1] ?? time) - time);
  };
  const sorted = Float64Array.from(all, silence).sort();
  const least = sorted[sorted.length - most] as number;
  return all.filter((index) => silence(index) >= least).slice(0, 2 * most);
}

/** Sweeps over the sorted ends of all agreements. */
function best(begins: Float64Array, finishes: Float64Array, { low, high }: Ballot): Region[] {
  let regions: Region[] = [];
  let count = 0;
  let most = 0;
  let b = 0;
  let f = 0;
  while (b < begins.length) {
    const at = begins[b] as number;
    // Ends are included: what begins where another ends goes first.
    while (f < finishes.length && (finishes[f] as number) < at) {
      f++;
      count--;
    }
    while (b < begins.length && (begins[b] as number) === at) {
      b++;
      count++;
    }
    const next = Math.min(finishes[f] ?? high, begins[b] ?? Number.POSITIVE_INFINITY);
    const isPeak = (finishes[f] ?? high) < (begins[b] ?? Number.POSITIVE_INFINITY) || b === begins.length;
    if (count < most || !isPeak) continue;
    if (count > most) regions = [];
    most = count;
    regions.push({ low: Math.max(at, low), high: next, count });
  }
  return regions;
}
