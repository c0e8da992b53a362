/*
 * Slices and events of a track: which one is at a time, and when it is.
 */
import { countUntil } from './ascending.ts';
import type { Item, Span } from './page.ts';
import type { Series } from './series.ts';

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
