import { coverage, lowerBound, type Track } from './tracks.ts';
import { type Line, vote } from './vote.ts';

/** Shares of the recording that are tried as a first window, from short to long: a short one knows no drift. */
const SHARES = [1 / 32, 1 / 8, 1 / 2, 1];
/** Rates that are tried besides the expected one, in parts per million. */
const RATES = [0, 5, -5, 10, -10, 20, -20, 40, -40, 80, -80].map((ppm) => ppm * 1e-6);
/** A first window must have so many events: fewer agree with anything. */
const FEWEST = 24;

/**
 * The line near an expected one on which the events of a window agree, and on no other within `reach`. The window
 * grows until one line is left; where even the whole recording leaves several, the nearest one is taken.
 * Undefined when no line puts the events of any window into runs.
 */
export function seed(tracks: readonly Track[], expected: (time: number) => Line, reach: number): Line | undefined {
  let nearest: Line | undefined;
  for (const share of SHARES) {
    for (const window of richestWindows(tracks, expected, share)) {
      if (window.count < FEWEST && share < 1) continue;
      const lines = linesOf(tracks, window, expected, reach);
      if (lines.length === 1) return lines[0];
      nearest ??= lines[0];
    }
  }
  return nearest;
}

/** The lines on which all events of a window agree, for the first rate that has any; the nearest one first. */
function linesOf(tracks: readonly Track[], window: Window, expected: (time: number) => Line, reach: number): Line[] {
  const time = (window.from + window.to) / 2;
  const { offset, rate } = expected(time);
  for (const more of RATES) {
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

/** Windows of one length that are tried: in one of them a clock may have stepped. */
const MOST_WINDOWS = 3;

/** Of windows of a share of the recording, those with the most events where the host's file covers them. */
function richestWindows(tracks: readonly Track[], expected: (time: number) => Line, share: number): Window[] {
  const ranges = tracks.map(({ times, runs }) => {
    const { from, to } = coverage(runs);
    const toGuest = (host: number): number => host - expected(host - expected(times[0] as number).offset).offset;
    return { from: Math.max(toGuest(from), times[0] as number), to: Math.min(toGuest(to), times.at(-1) as number) };
  });
  const from = Math.min(...ranges.map((range) => range.from));
  const to = Math.max(...ranges.map((range) => range.to));
  if (!(to > from)) return [];
  const length = (to - from) * share + 1;
  const count = Math.ceil(1 / share);
  const windows = Array.from({ length: count }, (_, i): Window => {
    const start = from + i * length;
    const events = tracks.reduce(
      (sum, { times }) => sum + lowerBound(times, start + length) - lowerBound(times, start),
      0,
    );
    return { from: start, to: start + length, count: events };
  });
  return windows.sort((a, b) => b.count - a.count).slice(0, MOST_WINDOWS);
}
