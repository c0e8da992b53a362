/*
 * How certain guests' times are, along the recording: from the samples of their clocks.
 */
import { computed } from '@preact/signals';
import { countUntil } from './ascending.ts';
import * as page from './page.ts';

/** The +/- of a time on a track, by the samples around it; NaN where nothing tells. */
export const boundAt = computed(() => {
  const tracks = page.layout.value?.tracks ?? [];
  const all = page.bounds.value;
  const byTrack = tracks.map((track) => all.find(({ machine, cpu }) => machine === track.machine && cpu === track.cpu));
  return (place: number, time: number): number => {
    const own = byTrack[place];
    if (own === undefined) return Number.NaN;
    const { times, bounds, growth } = own;
    const last = times.length - 1;
    const before = countUntil(times, times.length, time) - 1;
    if (before < 0) return bounds[0]! + growth * (times[0]! - time);
    return before === last
      ? bounds[last]! + growth * (time - times[last]!)
      : Math.max(bounds[before]!, bounds[before + 1]!);
  };
});
