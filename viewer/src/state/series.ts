/*
 * What the page holds of each track: columns that grow, and sums that make every zoom cost the same.
 */
import type {
  CallColumns,
  EventColumns,
  InterruptColumns,
  StateColumns,
  TaskColumns,
  Track,
  TrackColumns,
} from '../../../src/tracks/types.ts';
import { UNKNOWN_PID, VCPU_STATE } from '../../../src/tracks/types.ts';
import { Marks } from './ascending.ts';
import { withRoom } from './growing.ts';
import { Shares } from './shares.ts';
import { Levels, Slices } from './slices.ts';
import { TASK_CLASS, taskClass } from './task-class.ts';

export interface EventSeries {
  readonly kind: 'events';
  times: Float64Array;
  readonly marks: Marks;
  ids: Uint16Array;
  pids: Int32Array;
  length: number;
}

export interface TaskSeries {
  readonly kind: 'tasks';
  readonly shares: Shares;
  pids: Int32Array;
  /** Of guests whose host recorded them. The keys say nothing. */
  stolen: Slices;
}

export interface StateSeries {
  readonly kind: 'vcpu';
  readonly shares: Shares;
  details: Int32Array;
  cpus: Int16Array;
}

export interface LevelSeries {
  readonly kind: 'interrupts' | 'calls';
  readonly levels: Levels['levels'];
  readonly nested: Levels;
}

export type Series = EventSeries | TaskSeries | StateSeries | LevelSeries;

export const STATE_CLASSES = 7;

export function emptySeries(track: Track): Series {
  switch (track.kind) {
    case 'events':
      return {
        kind: 'events',
        times: new Float64Array(0),
        marks: new Marks(),
        ids: new Uint16Array(0),
        pids: new Int32Array(0),
        length: 0,
      };
    case 'tasks':
      return { kind: 'tasks', shares: new Shares(TASK_CLASS.count), pids: new Int32Array(0), stolen: new Slices() };
    case 'vcpu':
      return emptyStates();
    default: {
      const nested = new Levels();
      return { kind: track.kind, nested, levels: nested.levels };
    }
  }
}

export function emptyStates(): StateSeries {
  return { kind: 'vcpu', shares: new Shares(STATE_CLASSES), details: new Int32Array(0), cpus: new Int16Array(0) };
}

/** Adds a chunk behind what is there. `growth` is that of `withRoom`. */
export function append(series: Series, columns: TrackColumns, growth?: number): void {
  switch (series.kind) {
    case 'events':
      appendEvents(series, columns as EventColumns, growth);
      return;
    case 'tasks':
      appendTasks(series, columns as TaskColumns, growth);
      return;
    case 'vcpu':
      appendStates(series, columns as StateColumns, growth);
      return;
    case 'interrupts': {
      const { starts, ends, names } = columns as InterruptColumns;
      series.nested.append(starts, ends, names);
      return;
    }
    case 'calls': {
      const { starts, ends, functions, depths } = columns as CallColumns;
      series.nested.append(starts, ends, functions, depths);
    }
  }
}

function appendEvents(series: EventSeries, { times, ids, pids }: EventColumns, growth?: number): void {
  const before = series.length;
  const length = before + times.length;
  series.times = withRoom(series.times, length, growth);
  series.ids = withRoom(series.ids, length, growth);
  series.pids = withRoom(series.pids, length, growth);
  series.times.set(times, before);
  series.ids.set(ids, before);
  series.pids.set(pids, before);
  series.length = length;
  series.marks.extend(series.times, length, growth);
}

function appendTasks(series: TaskSeries, { starts, pids }: TaskColumns, growth?: number): void {
  const before = series.shares.length;
  series.pids = withRoom(series.pids, before + pids.length, growth);
  series.pids.set(pids, before);
  series.shares.append(starts, (place) => taskClass(pids[place] ?? UNKNOWN_PID), growth);
}

function appendStates(series: StateSeries, { starts, states, details, cpus }: StateColumns, growth?: number): void {
  const before = series.shares.length;
  const length = before + states.length;
  series.details = withRoom(series.details, length, growth);
  series.cpus = withRoom(series.cpus, length, growth);
  series.details.set(details, before);
  series.cpus.set(cpus, before);
  series.shares.append(starts, (place) => states[place]!, growth);
}

/** Whether there is anything to show: a thread that nothing is known of is as good as none. */
export function isEmpty(series: Series): boolean {
  if (series.kind === 'vcpu') {
    const { length, kinds } = series.shares;
    return length === 0 || (length === 1 && kinds[0] === VCPU_STATE.unknown);
  }
  if (series.kind === 'events') return series.length === 0;
  if (series.kind === 'tasks') return series.shares.length === 0 && series.stolen.length === 0;
  return series.levels.length === 0;
}
