/*
 * The rows of the timeline: which tracks are shown, in which order, how high.
 */
import { computed } from '@preact/signals';
import type { Track, TrackLayout } from '../../../src/tracks/types.ts';
import * as page from './page.ts';
import { isEmpty, type Series } from './series.ts';
import { shown as windowed } from './shown.ts';
import { taskKey, trackKey } from './track-key.ts';

/** A part of a row that one painter fills. `y`: from the row's top. */
export interface Strip {
  readonly kind: 'tasks' | 'vcpu' | 'interrupts' | 'calls' | 'events' | 'task';
  /** Place in `layout.tracks`; of tasks' own rows in `taskRows`. */
  readonly track: number;
  readonly level: number;
  readonly y: number;
  readonly height: number;
}

export interface Row {
  readonly key: string;
  readonly kind: 'machine' | Strip['kind'];
  readonly machine: number;
  readonly cpu: number;
  readonly label: string;
  readonly note: string;
  readonly top: number;
  readonly height: number;
  readonly strips: readonly Strip[];
  /** Calls that show all levels; machines that are folded away. */
  readonly isOpen: boolean;
  readonly isPinned: boolean;
}

export interface Rows {
  readonly rows: readonly Row[];
  readonly height: number;
}

const HEIGHT = { machine: 28, vcpu: 16, tasks: 22, interrupts: 5, events: 14, calls: 16, task: 20 } as const;
/** Between CPUs, and between tracks of one. */
const GAP = 6;
const INNER_GAP = 1;
/** Where there is room, rows are higher. */
const MOST_STRETCH = 1.8;

type Draft = Omit<Row, 'top' | 'isPinned'>;

/** Without those that have nothing to show; `grown` changes often, this only when a track gets its first slice. */
const shown = computed(() => {
  page.grown.value;
  return page.series.value.map((series) => (isEmpty(series) ? '-' : levelCount(series))).join();
});

/** All tracks, hidden ones too: for the list of tracks. */
export const allRows = computed<readonly Draft[]>(() => {
  shown.value;
  const layout = page.layout.value;
  if (layout === undefined) return [];
  return layout.machines.flatMap((_, machine) => [machineRow(layout, machine), ...machineRows(layout, machine)]);
});

export const mainRows = computed<Rows>(() => {
  const drafts = allRows.value.filter(
    ({ kind, key, machine }) =>
      kind === 'machine' ||
      !(page.hidden.value.has(key) || page.pinned.value.has(key) || page.folded.value.has(machine)),
  );
  const { height } = stacked(drafts, false, 1);
  return stacked(drafts, false, Math.max(1, Math.min(MOST_STRETCH, (mainHeight.value - 4) / Math.max(1, height))));
});

const mainHeight = computed(() => windowed.value.height);

export const pinnedRows = computed<Rows>(() =>
  stacked(
    allRows.value.filter(({ key }) => page.pinned.value.has(key)),
    true,
    1,
  ),
);

function stacked(drafts: readonly Draft[], isPinned: boolean, stretch: number): Rows {
  let top = 0;
  const rows = drafts.map((draft, place) => {
    const row = { ...stretched(draft, stretch), top, isPinned };
    top += row.height + gapAfter(draft, drafts[place + 1]);
    return row;
  });
  return { rows, height: top };
}

function stretched(draft: Draft, stretch: number): Draft {
  if (stretch === 1 || draft.kind === 'machine') return draft;
  const round = (size: number) => Math.floor(size * stretch);
  const strips = draft.strips.map((strip) => {
    const y = round(strip.y);
    return { ...strip, y, height: round(strip.y + strip.height) - y };
  });
  return { ...draft, height: round(draft.height), strips };
}

/** A vCPU's thread lies right above what the guest ran on it. */
function gapAfter(row: Draft, next: Draft | undefined): number {
  if (next === undefined || row.kind === 'machine' || next.kind === 'machine') return GAP;
  if (row.cpu !== next.cpu || row.machine !== next.machine || row.kind === 'task') return GAP;
  return row.kind === 'vcpu' ? 0 : INNER_GAP;
}

function machineRow(layout: TrackLayout, machine: number): Draft {
  const { name, host, cpuCount, clock } = layout.machines[machine]!;
  const role = host === undefined ? 'host' : `guest of ${layout.machines[host]?.name ?? '?'}`;
  return {
    key: `machine~${encodeURIComponent(name)}`,
    kind: 'machine',
    machine,
    cpu: -1,
    label: name,
    note: [
      role,
      `${cpuCount} CPU${cpuCount === 1 ? '' : 's'}`,
      ...(clock === undefined ? [] : [`clock ${clock}`]),
    ].join(', '),
    height: HEIGHT.machine,
    strips: [],
    isOpen: !page.folded.value.has(machine),
  };
}

function machineRows(layout: TrackLayout, machine: number): Draft[] {
  const own = layout.tracks.map((track, place) => ({ track, place })).filter(({ track }) => track.machine === machine);
  const cpus = [...new Set(own.map(({ track }) => track.cpu))].sort((a, b) => a - b);
  const rows = cpus.flatMap((cpu) =>
    cpuRows(
      layout,
      own.filter(({ track }) => track.cpu === cpu),
    ),
  );
  page.taskRows.value.forEach((task, place) => {
    if (task.machine === machine) rows.push(taskRow(layout, task, place));
  });
  return rows;
}

interface Placed {
  readonly track: Track;
  readonly place: number;
}

function cpuRows(layout: TrackLayout, tracks: readonly Placed[]): Draft[] {
  const rows: Draft[] = [];
  const filled = tracks.filter(({ place }) => {
    const series = page.series.value[place];
    return series !== undefined && !isEmpty(series);
  });
  const of = (kind: Track['kind']) => filled.find(({ track }) => track.kind === kind);
  const [vcpu, tasks, interrupts, calls] = [of('vcpu'), of('tasks'), of('interrupts'), of('calls')];
  if (vcpu?.track.kind === 'vcpu') {
    const host = layout.machines[vcpu.track.host]?.name ?? 'host';
    rows.push(draft(layout, vcpu, `vCPU ${vcpu.track.cpu}`, `thread ${vcpu.track.pid} on ${host}`, HEIGHT.vcpu));
  }
  if (tasks !== undefined) rows.push(cpuRow(layout, tasks, interrupts));
  else if (interrupts !== undefined)
    rows.push(draft(layout, interrupts, `CPU ${interrupts.track.cpu}`, 'interrupts', 10));
  if (calls !== undefined) rows.push(callRow(layout, calls, rows.length === 0));
  for (const events of filled) {
    if (events.track.kind !== 'events') continue;
    const { buffer, cpu } = events.track;
    const alone = rows.length === 0;
    rows.push(
      draft(layout, events, alone ? `CPU ${cpu}` : '', buffer === '' ? 'events' : `events in ${buffer}`, HEIGHT.events),
    );
  }
  return rows;
}

/** Interrupts as a thin strip below the tasks that they interrupted. */
function cpuRow(layout: TrackLayout, tasks: Placed, interrupts: Placed | undefined): Draft {
  const row = draft(layout, tasks, `CPU ${tasks.track.cpu}`, '', HEIGHT.tasks);
  if (interrupts === undefined) return row;
  const y = HEIGHT.tasks + 1;
  const strip = { kind: 'interrupts', track: interrupts.place, level: 0, y, height: HEIGHT.interrupts } as const;
  return { ...row, height: y + HEIGHT.interrupts, strips: [...row.strips, strip] };
}

function callRow(layout: TrackLayout, calls: Placed, isFirst: boolean): Draft {
  const row = draft(layout, calls, isFirst ? `CPU ${calls.track.cpu}` : '', 'function calls', HEIGHT.calls);
  const series = page.series.value[calls.place]!;
  const isOpen = page.unfolded.value.has(row.key);
  const levels = isOpen ? levelCount(series) : 1;
  const strips = Array.from({ length: levels }, (_, level) => ({
    ...row.strips[0]!,
    level,
    y: level * HEIGHT.calls,
  }));
  return { ...row, strips, isOpen, height: levels * HEIGHT.calls };
}

function levelCount(series: Series): number {
  return series.kind === 'calls' || series.kind === 'interrupts' ? series.levels.length : 1;
}

function draft(layout: TrackLayout, { track, place }: Placed, label: string, note: string, height: number): Draft {
  return {
    key: trackKey(layout, track),
    kind: track.kind,
    machine: track.machine,
    cpu: track.cpu,
    label,
    note,
    height,
    strips: [{ kind: track.kind, track: place, level: 0, y: 0, height }],
    isOpen: false,
  };
}

function taskRow(layout: TrackLayout, task: page.TaskRow, place: number): Draft {
  const name = page.tasks.value[task.machine]?.get(task.pid) ?? 'task';
  return {
    key: taskKey(layout, task.machine, task.pid),
    kind: 'task',
    machine: task.machine,
    cpu: -1,
    label: `${name}-${task.pid}`,
    note: task.series === undefined ? 'reading ...' : '',
    height: HEIGHT.task,
    strips: [{ kind: 'task', track: place, level: 0, y: 0, height: HEIGHT.task }],
    isOpen: false,
  };
}
