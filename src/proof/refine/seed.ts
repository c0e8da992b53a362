import { coverage, lowerBound, type Track } from '../../sync/runs/track.ts';
import { type Line, vote } from '../../sync/runs/vote.ts';

/** The shortest window, in units, and how much longer each next one is: a short one knows no drift. */
const SHORTEST = 20_000_000;
const LONGER = 5;
/** Rates that are tried besides the expected one, in parts per million. */
const RATES = [0, 5, -5, 10, -10, 20, -20, 40, -40, 80, -80].map((ppm) => ppm * 1e-6);
/** Rates that make less of a difference within a window, in units, are left out. */
const LEAST_TURN = 50;
/** A first window must have so many events: fewer agree with anything. */
const FEWEST = 24;

/**
 * The line near an expected one on which the events of a window agree, and on no other within `reach`. The window
 * grows until one line is left; where even the whole recording leaves several, the nearest one is taken.
 * Undefined when no line puts the events of any window into runs.
 */
export function seed(tracks: readonly Track[], expected: (time: number) => Line, reach: number): Line | undefined {
  const range = covered(tracks, expected);
  if (range === undefined) return undefined;
  const whole = range.to - range.from;
  let nearest: Line | undefined;
  for (let length = SHORTEST; ; length *= LONGER) {
    for (const window of richestWindows(tracks, range, Math.min(length, whole))) {
      if (window.count < FEWEST && length < whole) continue;
      const lines = linesOf(tracks, window, expected, reach);
      if (lines.length === 1) return lines[0];
      nearest = lines[0] ?? nearest;
    }
    if (length >= whole) return nearest;
  }
}

/** The lines on which all events of a window agree, for the first rate that has any; the nearest one first. */
function linesOf(tracks: readonly Track[], window: Window, expected: (time: number) => Line, reach: number): Line[] {
  const time = (window.from + window.to) / 2;
  const { offset, rate } = expected(time);
  const half = (window.to - window.from) / 2;
  for (const more of RATES.filter((one) => one === 0 || Math.abs(one) * half > LEAST_TURN)) {
    const ballot = { time, rate: rate + more, low: offset - reach, high: offset + reach };
    const { total, regions } = vote(tracks, window.from, window.to, ballot);
    const first = regions[0];
    if (first === undefined || total === 0 || first.count < total) continue;
    const lines = regions.map(({ low, high }) => ({ time, offset: (low + high) / 2, rate: rate + more }));
    return lines.sort((a, b) => Math.abs(a.offset - offset) - Math.abs(b.offset - offset));
  }
  return [];
}

/** Guest time, and how many events are in it. */
interface Window {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

interface Range {
  readonly from: number;
  readonly to: number;
}

/** Guest time of which the host's file tells; undefined: none. */
function covered(tracks: readonly Track[], expected: (time: number) => Line): Range | undefined {
  const ranges = tracks.map(({ times, runs }) => {
    const { from, to } = coverage(runs);
    const toGuest = (host: number): number => host - expected(host - expected(times[0] as number).offset).offset;
    return { from: Math.max(toGuest(from), times[0] as number), to: Math.min(toGuest(to), times.at(-1) as number) + 1 };
  });
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to));
  return to > from ? { from, to } : undefined;
}

/** Windows of one length that are tried: in one of them a clock may have stepped. */
const MOST_WINDOWS = 3;
/** Places of a long recording that are looked at. */
const MOST_PLACES = 4096;

/** The windows of a length that have the most events. */
function richestWindows(tracks: readonly Track[], { from, to }: Range, length: number): Window[] {
  const count = Math.max(1, Math.min(MOST_PLACES, Math.floor((to - from) / length)));
  const windows = Array.from({ length: count }, (_, i): Window => {
    const start = from + ((to - from) * i) / count;
    const events = tracks.reduce(
      (sum, { times }) => sum + lowerBound(times, start + length) - lowerBound(times, start),
      0,
    );
    return { from: start, to: start + length, count: events };
  });
  return windows.sort((a, b) => b.count - a.count).slice(0, MOST_WINDOWS);
}
