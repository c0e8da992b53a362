/*
 * Searching with trace-cmd's filter grammar, and going from match to match.
 */
import { batch } from '@preact/signals';
import { seek } from './go.ts';
import { ask, NoAnswer } from './link.ts';
import type { Item } from './page.ts';
import * as page from './page.ts';
import { showing } from './view.ts';

let asked = 0;

/** An empty filter ends the search. */
export async function find(filter: string): Promise<void> {
  const own = ++asked;
  page.searchText.value = filter;
  if (filter.trim() === '') {
    batch(() => {
      page.search.value = undefined;
      page.searchError.value = undefined;
    });
    await ask({ type: 'find', filter: '' }).catch(() => undefined);
    return;
  }
  try {
    const { total, lanes } = await ask({ type: 'find', filter });
    if (own !== asked) return;
    batch(() => {
      page.search.value = { filter, total, lanes: new Map(lanes.map(({ track, events }) => [track, events])) };
      page.searchError.value = undefined;
    });
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    if (own === asked && !error.isStale) page.searchError.value = error.message;
  }
}

/** Selects the nearest match after what is selected (or the view's middle); before it if `direction` is -1. */
export function nextMatch(direction: 1 | -1): void {
  const found = page.search.value;
  if (found === undefined) return;
  const from = selectedTime();
  let best: Item | undefined;
  let bestTime = direction * Number.POSITIVE_INFINITY;
  for (const [track, events] of found.lanes) {
    const series = page.series.value[track];
    if (series?.kind !== 'events') continue;
    const place = nearest(series.times, events, from, direction, track);
    if (place === undefined) continue;
    const time = series.times[place]!;
    if (direction * (bestTime - time) > 0) {
      best = { track, level: 0, index: place };
      bestTime = time;
    }
  }
  if (best === undefined) return;
  const item = best;
  batch(() => {
    page.selection.value = item;
    page.view.value = showing(page.view.value, bestTime, page.whole.value);
    seek(item.track);
  });
}

function selectedTime(): { readonly time: number; readonly item: Item | undefined } {
  const item = page.selection.value;
  const series = item === undefined ? undefined : page.series.value[item.track];
  if (item !== undefined && series?.kind === 'events') return { time: series.times[item.index]!, item };
  const { start, end } = page.view.value;
  return { time: (start + end) / 2, item: undefined };
}

/** Among events of one lane; those of the same time are in the order of their tracks. */
function nearest(
  times: Float64Array,
  events: Uint32Array,
  { time, item }: { readonly time: number; readonly item: Item | undefined },
  direction: 1 | -1,
  track: number,
): number | undefined {
  const before = countOrdered(times, events, track, time, item);
  if (direction === -1) return events[before - 1];
  return events[before] === item?.index && track === item?.track ? events[before + 1] : events[before];
}

/** How many of a lane's matches come before the selected event, or at or before a time. */
function countOrdered(
  times: Float64Array,
  events: Uint32Array,
  track: number,
  time: number,
  item: Item | undefined,
): number {
  const isBefore = (place: number) => {
    const own = times[place]!;
    if (item === undefined || own !== time) return item === undefined ? own <= time : own < time;
    return track === item.track ? place < item.index : track < item.track;
  };
  let low = 0;
  let high = events.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(events[middle]!)) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The selected event's number among the matches, from 1; 0 if it is none of them. */
export function matchNumber(): number {
  const found = page.search.value;
  const { time, item } = selectedTime();
  if (found === undefined || item === undefined) return 0;
  let before = 0;
  let isMatch = false;
  for (const [track, events] of found.lanes) {
    const series = page.series.value[track];
    if (series?.kind !== 'events') continue;
    const own = countOrdered(series.times, events, track, time, item);
    before += own;
    if (track === item.track) isMatch = events[own] === item.index;
  }
  return isMatch ? before + 1 : 0;
}
