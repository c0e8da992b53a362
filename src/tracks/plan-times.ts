import type { HostTime } from '../time/types.ts';
import type { TimelineInput } from '../timeline/lane.ts';
import type { Timeline } from '../timeline/timeline.ts';
import type { TrackPlan } from './layout.ts';
import type { TrackLayout } from './types.ts';

const TWO_32 = 0x1_0000_0000;

/** Corrected times, in halves, to those of columns. */
export function relativeTime({ base }: TrackLayout): (hi: number, lo: number) => number {
  const baseHi = Number(base >> 32n);
  const baseLo = Number(base & 0xffff_ffffn);
  return (hi, lo) => (hi - baseHi) * TWO_32 + (lo - baseLo);
}

/** Leaves to a timeline what a plan's range holds, if it has one. Before anything else. */
export async function limitToRange(timeline: Timeline<TimelineInput>, { layout, settings }: TrackPlan): Promise<void> {
  const { range } = settings;
  if (range === undefined) return;
  const timeOf = (relative: number): HostTime => (layout.base + BigInt(Math.round(relative))) as HostTime;
  await timeline.limitTo({ from: timeOf(range.from), to: timeOf(range.to) });
}
