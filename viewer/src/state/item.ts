/*
 * Slices and events of a track: which one is at a time, and when it is.
 */
import { countUntil } from './ascending.ts';
import type { Item, Span, Task } from './page.ts';
import * as page from './page.ts';
import type { Strip } from './rows.ts';
import type { Series } from './series.ts';

/** The columns that an item is of; undefined where they are not there, or not yet. */
export function seriesOf({ track, task }: Item): Series | undefined {
  return task === undefined
    ? page.series.value[track]
    : page.taskRows.value.find((row) => isSameTask(row, task))?.series;
}

export function isSameTask(a: Task, b: Task): boolean {
  return a.machine === b.machine && a.pid === b.pid;
}

/** When it begins and ends; the same for events. */
export function spanOf(series: Series, { level, index }: Pick<Item, 'level' | 'index'>): Span {
  switch (series.kind) {
    case 'events': {
      const time = series.times[index] ?? 0;
      return { start: time, end: time };
    }
    case 'tasks':
    case 'vcpu': {
      const { shares } = series;
      return { start: shares.starts[index] ?? 0, end: shares.endOf(index) };
    }
    default: {
      const slices = series.levels[level];
      return { start: slices?.starts[index] ?? 0, end: slices?.ends[index] ?? 0 };
    }
  }
}

/** The slice at a time, or the event that is nearest to it within `reach`. Interrupts: the innermost. */
export function itemAt(series: Series, track: number, level: number, time: number, reach: number): Item | undefined {
  switch (series.kind) {
    case 'events': {
      const { times, length } = series;
      const after = countUntil(times, length, time);
      const near =
        after > 0 && (after >= length || time - times[after - 1]! <= times[after]! - time) ? after - 1 : after;
      const isNear = near < length && Math.abs(times[near]! - time) <= reach;
      return isNear ? { track, level: 0, index: near } : undefined;
    }
    case 'tasks':
    case 'vcpu': {
      const { starts, length, end } = series.shares;
      const index = countUntil(starts, length, time) - 1;
      return index < 0 || time > end ? undefined : { track, level: 0, index };
    }
    case 'calls': {
      const index = series.levels[level]?.at(time) ?? -1;
      return index < 0 ? undefined : { track, level, index };
    }
    default:
      for (let inner = series.levels.length - 1; inner >= 0; inner--) {
        const index = series.levels[inner]!.at(time);
        if (index >= 0) return { track, level: inner, index };
      }
      return undefined;
  }
}

/** What is on a strip of a row at a time; for `reach` see `itemAt`. */
export function itemOnStrip(
  { kind, track, level }: Pick<Strip, 'kind' | 'track' | 'level'>,
  time: number,
  reach: number,
): Item | undefined {
  if (kind !== 'task') {
    const series = page.series.value[track];
    return series && itemAt(series, track, level, time, reach);
  }
  const row = page.taskRows.value[track];
  const item = row?.series && itemAt(row.series, -1, 0, time, reach);
  return item && { ...item, task: { machine: row!.machine, pid: row!.pid } };
}
