import { computedLine, driftLine, LEVEL, type Line, unscaledLine } from './lines.ts';
import { outsideLines } from './outside.ts';
import type { Mapping } from './piecewise.ts';
import { type Stretch, stretchMapping } from './stretches.ts';
import type { SyncSample } from './types.ts';

/** TIME_SHIFT's flag: offsets change evenly between two samples. Without it, each sample holds until the next. */
export const INTERPOLATE = 1;

/** Samples by time, one per time: of those that claim the same one the first in the file, as trace-cmd does. */
function sortedSamples(samples: readonly SyncSample[]): SyncSample[] {
  const byTime = [...samples].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
  return byTime.filter((sample, i) => i === 0 || sample.time !== byTime[i - 1]!.time);
}

/**
 * Guest stamps to host stamps by the samples of one guest CPU, at least one, in any order. docs/time-correction.md
 * says where and why this differs from trace-cmd.
 */
export function exactSync(samples: readonly SyncSample[], flags: number): Mapping {
  const sorted = sortedSamples(samples);
  if ((flags & INTERPOLATE) === 0) return stretchMapping(held(sorted, kvmLine));
  return stretchMapping(sorted.length === 1 ? held(sorted, constantLine) : interpolated(sorted));
}

/** Each sample from its time on; the first one from the beginning. */
function held(samples: readonly SyncSample[], lineOf: (sample: SyncSample) => Line): Stretch[] {
  return samples.map((sample, i) => ({ start: i === 0 ? 0n : sample.time, line: lineOf(sample) }));
}

function kvmLine(sample: SyncSample): Line {
  const { offset, scaling, fraction } = sample;
  const isRatio = scaling !== 1n && fraction > 0 && !isNeutral(sample);
  return isRatio ? unscaledLine(offset, BigInt.asUintN(64, scaling), fraction) : constantLine(sample);
}

function constantLine(sample: SyncSample): Line {
  return scaledAsStored(sample, driftLine(sample.time, sample.offset, LEVEL));
}

function interpolated(samples: readonly SyncSample[]): Stretch[] {
  const inside = samples.slice(1).map((b, i) => {
    const a = samples[i]!;
    const line = driftLine(a.time, a.offset, { rise: b.offset - a.offset, run: b.time - a.time });
    return { start: a.time, line: scaledAsStored(a, line) };
  });
  const { before, after } = outsideLines(samples);
  const scaled = (sample: SyncSample) => (stretch: Stretch) => ({
    ...stretch,
    line: scaledAsStored(sample, stretch.line),
  });
  return [...before.map(scaled(samples[0]!)), ...inside, ...after.map(scaled(samples.at(-1)!))];
}

/** Nothing to scale, or nothing that could be a scale: no recorder writes 0, or more fraction bits than a word has. */
function isNeutral({ scaling, fraction }: SyncSample): boolean {
  return scaling === 0n || fraction > 63 || scaling === 1n << BigInt(fraction);
}

/** (t * scaling >> fraction) + offset, as trace-cmd's dump describes it, but in full precision. */
function scaledAsStored(sample: SyncSample, line: Line): Line {
  if (isNeutral(sample)) return line;
  const scaling = BigInt.asUintN(64, sample.scaling);
  const fraction = BigInt(sample.fraction);
  return computedLine((stamp) => ((stamp * scaling) >> fraction) + line.at(stamp) - stamp);
}
