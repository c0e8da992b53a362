import { countUntil } from './ascending.ts';
import type { Span } from './page.ts';
import type { World } from './sentence.ts';
import type { TaskSeries } from './series.ts';
import { trackOf } from './track-key.ts';

const MOST_LOOKED_AT = 100_000;

export interface Theft {
  /** The thread's track, and the slice of it. */
  readonly track: number;
  readonly slice: number;
  readonly time: number;
  readonly length: number;
}

/** The longest stretches of a span of a guest's CPU that its host took, longest first. */
export function longestThefts(world: World, place: number, { start, end }: Span, most: number): Theft[] {
  const own = world.series[place];
  const track = world.layout.tracks[place];
  if (own?.kind !== 'tasks' || track === undefined) return [];
  const vcpu = trackOf(world.layout, 'vcpu', track.machine, track.cpu);
  const states = world.series[vcpu];
  if (states?.kind !== 'vcpu') return [];
  return longest(own, start, end, most).map((at) => {
    const time = Math.max(start, own.stolen.starts[at]!);
    const slice = countUntil(states.shares.starts, states.shares.length, time) - 1;
    return { track: vcpu, slice, time, length: Math.min(end, own.stolen.ends[at]!) - time };
  });
}

function longest({ stolen }: TaskSeries, start: number, end: number, most: number): number[] {
  const first = Math.max(0, countUntil(stolen.starts, stolen.length, start) - 1);
  const found: number[] = [];
  const lengthOf = (at: number) => Math.min(end, stolen.ends[at]!) - Math.max(start, stolen.starts[at]!);
  for (let at = first; at < stolen.length && stolen.starts[at]! < end && at < first + MOST_LOOKED_AT; at++) {
    if (lengthOf(at) <= 0) continue;
    found.push(at);
    if (found.length <= most) continue;
    found.sort((a, b) => lengthOf(b) - lengthOf(a));
    found.pop();
  }
  return found.sort((a, b) => lengthOf(b) - lengthOf(a));
}
