import type { Runs } from './runs.ts';

/** One vCPU from both sides: its guest's events, and when its thread ran it. Relative to two bases. */
export interface Track {
  readonly cpu: number;
  readonly times: Float64Array;
  readonly runs: Runs;
}

/** From the first to the last kvm event of a vCPU: only there does the host's file tell anything. Empty: none. */
export function coverage({ starts, ends }: Runs): { readonly from: number; readonly to: number } {
  return { from: ends[0] as number, to: starts[starts.length - 1] as number };
}

/** The first index whose time is at least `time`. */
export function lowerBound(times: Float64Array, time: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}
