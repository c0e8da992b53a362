import { MOST_DRIFT_PPM } from './drift.ts';
import { driftLine, LEVEL, type Line, type Slope } from './lines.ts';
import type { Stretch } from './stretches.ts';
import type { SyncSample } from './types.ts';

/**
 * The times before the first and after the last of two or more samples. Two noisy samples close together say little
 * about times far away, so a slope is believed only if it can be drift between two clocks, and the slope of one pair
 * no further from it than the pair is long:
 *
 * - near, up to the pair's length: the slope of the outermost pair, as trace-cmd does; else that of all samples;
 * - far: the slope from the first to the last sample; else that of the outermost pair;
 * - where neither can be drift, the offset of the edge stays.
 */
export function outsideLines(samples: readonly SyncSample[]): { before: Stretch[]; after: Stretch[] } {
  const pairs = samples.slice(1).map((sample, i) => slopeBetween(samples[i]!, sample));
  const first = samples[0]!;
  const last = samples.at(-1)!;
  const whole = pairs.length === 1 ? pairs[0]! : slopeBetween(first, last);
  const rate = rateOf(pairs);
  const choose = (preferred: Slope, other: Slope): Slope =>
    [preferred, other].find((slope) => isDrift(slope, rate)) ?? rate;

  const edge = (at: SyncSample, pairStart: SyncSample, pair: Slope): { near: Line; far: (from: bigint) => Line } => {
    const slope = choose(pair, whole);
    const anchor = slope === pair ? pairStart : at;
    const near = driftLine(anchor.time, anchor.offset, slope);
    const farSlope = choose(whole, pair);
    const far = (from: bigint): Line => driftLine(from, near.at(from) - from, farSlope);
    return { near, far: farSlope === slope ? () => near : far };
  };

  const firstPair = pairs[0]!;
  const head = edge(first, first, firstPair);
  const nearStart = first.time - firstPair.run;
  const before = [
    ...(nearStart > 0n ? [{ start: 0n, line: head.far(nearStart) }] : []),
    { start: nearStart > 0n ? nearStart : 0n, line: head.near },
  ];
  const lastPair = pairs.at(-1)!;
  const tail = edge(last, samples.at(-2)!, lastPair);
  const farStart = last.time + lastPair.run;
  const after = [
    { start: last.time, line: tail.near },
    { start: farStart, line: tail.far(farStart) },
  ];
  return { before, after };
}

function slopeBetween(a: SyncSample, b: SyncSample): Slope {
  return { rise: b.offset - a.offset, run: b.time - a.time };
}

/** From here on (1 %) a slope says that the clocks count different units, not that they drift. */
const OTHER_UNITS_PPM = 10_000n;
const MILLION = 1_000_000n;

const magnitude = (value: bigint): bigint => (value < 0n ? -value : value);

function isDrift({ rise, run }: Slope, rate: Slope): boolean {
  return magnitude(rise * rate.run - rate.rise * run) * MILLION <= MOST_DRIFT_PPM * run * rate.run;
}

/** How fast the offset changes because the clocks count different units: the median pair's slope, or not at all. */
function rateOf(pairs: readonly Slope[]): Slope {
  const bySlope = [...pairs].sort((a, b) => {
    const difference = a.rise * b.run - b.rise * a.run;
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  });
  const median = bySlope[(bySlope.length - 1) >> 1]!;
  return magnitude(median.rise) * MILLION > OTHER_UNITS_PPM * median.run ? median : LEVEL;
}
