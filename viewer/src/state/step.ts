/*
 * Going from slice to slice by keys: along a track, and from row to row.
 */
import { select } from './go.ts';
import { isSameTask, itemOnStrip, seriesOf, spanOf } from './item.ts';
import type { Item } from './page.ts';
import * as page from './page.ts';
import { mainRows, type Strip } from './rows.ts';
import type { Series } from './series.ts';
import { sought } from './sought.ts';
import { showing } from './view.ts';

/** The slice or event after what is selected, on its track; before it if `direction` is -1. */
export function stepAlong(direction: 1 | -1): void {
  const item = page.selection.value;
  const series = item && seriesOf(item);
  if (item === undefined || series === undefined) return;
  const index = item.index + direction;
  if (index < 0 || index >= countOf(series, item.level)) return;
  page.view.value = showing(page.view.value, spanOf(series, { ...item, index }).start, page.whole.value);
  select({ ...item, index });
}

function countOf(series: Series, level: number): number {
  if (series.kind === 'events') return series.length;
  if (series.kind === 'tasks' || series.kind === 'vcpu') return series.shares.length;
  return series.levels[level]?.length ?? 0;
}

/** What is on the next row at the time of what is selected, or in the middle of the view; rows without it are passed. */
export function stepRow(direction: 1 | -1): void {
  const { rows } = mainRows.value;
  const item = page.selection.value;
  const { start, end } = page.view.value;
  const at = item === undefined ? -1 : rows.findIndex(({ strips }) => strips.some((strip) => isOf(item, strip)));
  const series = item && seriesOf(item);
  const selected = item === undefined || series === undefined ? undefined : spanOf(series, item);
  const isSeen = selected !== undefined && selected.start <= end && selected.end >= start;
  const time = isSeen ? Math.max(start, selected.start) : (start + end) / 2;
  for (let place = at + direction; place >= 0 && place < rows.length; place += direction) {
    const row = rows[place]!;
    const strip = row.strips[0];
    const found = strip && itemOnStrip(strip, time, end - start);
    if (found === undefined) continue;
    select(found);
    sought.value = { key: row.key };
    return;
  }
}

function isOf({ track, task }: Item, strip: Strip): boolean {
  if (strip.kind !== 'task') return strip.track === track;
  const row = page.taskRows.value[strip.track];
  return task !== undefined && row !== undefined && isSameTask(row, task);
}
