/*
 * What the page knows and shows, as signals. What a shared address brings back is named in `address.ts`.
 */
import { computed, signal } from '@preact/signals';
import type { GuestStory, TaskNames, TrackLayout, TrackNames } from '../../../src/tracks/types.ts';
import type { ClockBounds, Failure, OpenSettings, TraceInput } from '../protocol.ts';
import type { Series, StateSeries } from './series.ts';

/** A part of the timeline, in times relative to the layout's base. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A task of a machine. */
export interface Task {
  readonly machine: number;
  readonly pid: number;
}

/** A slice or an event of a track. Level: of nested slices, else 0. */
export interface Item {
  /** Place in the layout; -1 for what is in the row of a task of its own. */
  readonly track: number;
  readonly level: number;
  readonly index: number;
  readonly task?: Task | undefined;
}

/** A task that got a track of its own. */
export interface TaskRow extends Task {
  /** Undefined until the worker answers. */
  readonly series: StateSeries | undefined;
}

export interface Mark {
  readonly time: number;
  readonly name: string;
}

export interface Progress {
  readonly until: number;
  readonly events: number;
  readonly bytes: number;
  readonly totalBytes: number;
}

export interface Search {
  readonly filter: string;
  readonly total: number;
  /** Per track: places of matching events, ascending. */
  readonly lanes: ReadonlyMap<number, Uint32Array>;
}

export type PanelName = 'details' | 'events' | 'steal' | 'clocks' | 'tracks' | 'messages';
export type Theme = 'auto' | 'light' | 'dark';

/** Files. */
export const inputs = signal<readonly TraceInput[]>([]);
export const layout = signal<TrackLayout | undefined>(undefined);
export const settings = signal<OpenSettings>({ clock: 'corrected' });
/** By place in `layout.tracks`. They grow in place; `grown` tells when. */
export const series = signal<readonly Series[]>([]);
export const grown = signal(0);
export const names = signal<TrackNames>({ exits: [], interrupts: [], functions: [] });
export const tasks = signal<readonly TaskNames[]>([]);
export const bounds = signal<readonly ClockBounds[]>([]);
export const stories = signal<readonly GuestStory[]>([]);
export const failures = signal<readonly Failure[]>([]);
export const warnings = signal<readonly string[]>([]);
export const progress = signal<Progress>({ until: 0, events: 0, bytes: 0, totalBytes: 0 });
export const stage = signal<'empty' | 'opening' | 'loading' | 'loaded'>('empty');

/** Set when files have more events than a tab can hold, and a part of them is to be chosen. */
export const oversize = signal<
  { readonly events: number; readonly most: number; readonly seconds: number } | undefined
>(undefined);

/** What is shown. */
export const view = signal<Span>({ start: 0, end: 1 });
export const selection = signal<Item | undefined>(undefined);
export const range = signal<Span | undefined>(undefined);
/** Where the pointer is: its time, and what is there. */
export const pointer = signal<{ readonly time: number; readonly item: Item | undefined } | undefined>(undefined);
/** What is written in the search box; `search` is what was found last. */
export const searchText = signal('');
export const search = signal<Search | undefined>(undefined);
export const searchError = signal<string | undefined>(undefined);
export const marks = signal<readonly Mark[]>([]);
export const pinned = signal<ReadonlySet<string>>(new Set());
export const hidden = signal<ReadonlySet<string>>(new Set());
/** Machines whose tracks are folded away, and tracks of calls that show all their levels. */
export const folded = signal<ReadonlySet<number>>(new Set());
export const unfolded = signal<ReadonlySet<string>>(new Set());
export const taskRows = signal<readonly TaskRow[]>([]);
export const panel = signal<PanelName | undefined>('details');
export const theme = signal<Theme>('auto');
export const helpShown = signal(false);

/** All that is loaded: what `fit` shows. */
export const whole = computed<Span>(() => {
  const end = layout.value?.end ?? 1;
  return { start: 0, end: Math.max(end, 1) };
});

/** Adds to a set or takes away. */
export function toggled<T>(set: ReadonlySet<T>, member: T): ReadonlySet<T> {
  const changed = new Set(set);
  if (!changed.delete(member)) changed.add(member);
  return changed;
}
