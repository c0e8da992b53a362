/*
 * The view in the page's address, after `#`, so that it can be shared: exact times, tracks by what they are.
 */
import { batch, effect } from '@preact/signals';
import type { TrackLayout } from '../../../src/tracks/types.ts';
import { exactTime, relativeTime } from './exact.ts';
import { find } from './matches.ts';
import type { Item, PanelName, Span, Task } from './page.ts';
import * as page from './page.ts';
import { openTask } from './task-rows.ts';
import { taskKey, trackKey, trackOfKey } from './track-key.ts';
import { clamped } from './view.ts';

const PANELS: readonly string[] = ['details', 'events', 'steal', 'clocks', 'tracks', 'messages'];
const WAIT = 250;

/** What the address says, without what is as it is at first. */
export function addressOf(): string {
  const layout = page.layout.value;
  const parts: [string, string][] = [];
  if (layout === undefined) return '';
  const exact = (time: number) => exactTime(layout.base, time, layout.unit);
  const span = ({ start, end }: Span) => `${exact(start)},${exact(end)}`;
  const { start, end } = page.view.value;
  if (start !== page.whole.value.start || end !== page.whole.value.end) parts.push(['view', span(page.view.value)]);
  if (page.range.value !== undefined) parts.push(['range', span(page.range.value)]);
  const item = page.selection.value;
  const key = item && itemKey(layout, item);
  if (item !== undefined && key !== undefined) parts.push(['at', `${key},${item.level},${item.index}`]);
  if (page.search.value !== undefined) parts.push(['find', page.search.value.filter]);
  for (const { time, name } of page.marks.value) parts.push(['mark', `${exact(time)},${name}`]);
  for (const key of page.pinned.value) parts.push(['pin', key]);
  for (const key of page.hidden.value) parts.push(['hide', key]);
  for (const key of page.unfolded.value) parts.push(['open', key]);
  for (const machine of page.folded.value) parts.push(['fold', layout.machines[machine]?.name ?? '']);
  for (const { machine, pid } of page.taskRows.value)
    parts.push(['task', `${pid},${layout.machines[machine]?.name ?? ''}`]);
  parts.push(['panel', page.panel.value ?? 'none']);
  if (page.settings.value.clock === 'raw') parts.push(['clock', 'raw']);
  if (page.theme.value !== 'auto') parts.push(['theme', page.theme.value]);
  return new URLSearchParams(parts).toString();
}

/** What must be known before files are opened. */
export function readSettings(address: string): void {
  const parts = new URLSearchParams(address);
  if (parts.get('clock') === 'raw') page.settings.value = { clock: 'raw' };
  const theme = parts.get('theme');
  if (theme === 'light' || theme === 'dark') page.theme.value = theme;
}

/** Shows what an address says, as far as the files that are open have it. */
export function readAddress(address: string): void {
  const layout = page.layout.value;
  if (layout === undefined) return;
  const parts = new URLSearchParams(address);
  const time = (text: string | undefined) => relativeTime(layout.base, text ?? '', layout.unit);
  const span = (text: string | null): Span | undefined => {
    const [start, end] = (text ?? '').split(',').map(time);
    return start !== undefined && end !== undefined && start < end ? { start, end } : undefined;
  };
  batch(() => {
    const view = span(parts.get('view'));
    page.view.value = view === undefined ? page.whole.value : clamped(view, page.whole.value);
    page.range.value = span(parts.get('range'));
    page.marks.value = parts.getAll('mark').flatMap((text) => {
      const [at, ...name] = text.split(',');
      const exact = time(at);
      return exact === undefined ? [] : [{ time: exact, name: name.join(',') }];
    });
    page.pinned.value = new Set(parts.getAll('pin'));
    page.hidden.value = new Set(parts.getAll('hide'));
    page.unfolded.value = new Set(parts.getAll('open'));
    const folded = parts.getAll('fold').map((name) => layout.machines.findIndex((machine) => machine.name === name));
    page.folded.value = new Set(folded.filter((machine) => machine >= 0));
    const panel = parts.get('panel');
    if (panel !== null) page.panel.value = PANELS.includes(panel) ? (panel as PanelName) : undefined;
  });
}

/** What can be shown only when all is read: a search, a task's row, a selection. */
export function readRest(address: string): void {
  const layout = page.layout.value;
  if (layout === undefined) return;
  const parts = new URLSearchParams(address);
  const filter = parts.get('find');
  if (filter !== null && page.search.value === undefined) void find(filter);
  const [key = '', level, index] = (parts.get('at') ?? '').split(',');
  const select = (track: number, task?: Task) => {
    page.selection.value ??= { track, level: Number(level), index: Number(index), task };
  };
  for (const text of parts.getAll('task')) {
    const [pid, ...name] = text.split(',');
    const machine = layout.machines.findIndex((other) => other.name === name.join(','));
    if (machine < 0 || !/^\d+$/.test(pid ?? '')) continue;
    const task = { machine, pid: Number(pid) };
    void openTask(machine, task.pid).then(() => {
      if (page.layout.value === layout && taskKey(layout, machine, task.pid) === key) select(-1, task);
    });
  }
  const track = trackOfKey(layout, key);
  if (track >= 0) select(track);
}

function itemKey(layout: TrackLayout, { track, task }: Item): string | undefined {
  if (task !== undefined) return taskKey(layout, task.machine, task.pid);
  const own = layout.tracks[track];
  return own && trackKey(layout, own);
}

/** Keeps the address as the page is, from the time when all is read; `written` is told what was written. */
export function followState(written: (address: string) => void): void {
  let timer: number | undefined;
  let waiting: string | undefined;
  const write = () => {
    clearTimeout(timer);
    if (waiting !== undefined) written(waiting);
    waiting = undefined;
  };
  effect(() => {
    // Files that are opened anew are shown as the address says.
    if (page.stage.value !== 'loaded') return write();
    waiting = addressOf();
    clearTimeout(timer);
    timer = window.setTimeout(write, WAIT);
  });
}
