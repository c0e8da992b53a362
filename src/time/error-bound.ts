import { MOST_DRIFT_PPM } from './drift.ts';
import { INTERPOLATE } from './exact-sync.ts';
import type { SyncSample } from './types.ts';

/**
 * How far a corrected stamp of a guest can be from the truth, in units of the host's clock; undefined where the
 * samples don't tell. `samples` of its CPU, times ascending; `flags` of TIME_SHIFT. Between two samples with a line
 * between them the greater bound holds. Outside, the line goes on, and its bound grows as the line can be turned, but
 * no faster than clocks can drift apart.
 */
export function errorBound(samples: readonly SyncSample[], flags: number, time: bigint): bigint | undefined {
  const next = upperBound(samples, time);
  const before = samples[next - 1];
  const after = samples[next];
  if ((flags & INTERPOLATE) === 0) return (before ?? after)?.bound;
  if (before && after) return greater(before.bound, after.bound);
  if (before?.time === time || samples.length < 2) return (before ?? after)?.bound;
  const first = samples[0] as SyncSample;
  const last = samples[samples.length - 1] as SyncSample;
  const sum = first.bound === undefined || last.bound === undefined ? undefined : first.bound + last.bound;
  const distance = before ? time - last.time : first.time - time;
  const edge = (before ?? after)?.bound;
  if (edge === undefined || sum === undefined) return undefined;
  const turned = (sum * distance) / (last.time - first.time);
  const drifted = (MOST_DRIFT_PPM * distance) / 1_000_000n;
  return edge + (turned < drifted ? turned : drifted) + 1n;
}

/** How many samples are at a time or before it. */
function upperBound(samples: readonly SyncSample[], time: bigint): number {
  let low = 0;
  let high = samples.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((samples[middle] as SyncSample).time <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function greater(a: bigint | undefined, b: bigint | undefined): bigint | undefined {
  return a === undefined || b === undefined ? undefined : a > b ? a : b;
}
