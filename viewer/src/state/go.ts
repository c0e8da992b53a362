/*
 * Going places: to a slice, an event, a stretch of time, the next match.
 */
import { batch } from '@preact/signals';
import { itemAt, seriesOf, spanOf } from './item.ts';
import type { Item, Span } from './page.ts';
import * as page from './page.ts';
import { allRows } from './rows.ts';
import { sought } from './sought.ts';
import { around, clamped, showing } from './view.ts';

export function setView(view: Span): void {
  page.view.value = clamped(view, page.whole.value);
}

/** Selects, and moves the view if the item lies outside of it. */
export function select(item: Item | undefined): void {
  batch(() => {
    page.selection.value = item;
    if (item === undefined) return;
    const series = seriesOf(item);
    if (series === undefined) return;
    const { start, end } = spanOf(series, item);
    const { view } = page;
    if (start > view.value.end || end < view.value.start) view.value = showing(view.value, start, page.whole.value);
    page.panel.value ??= 'details';
  });
}

/** Selects what is on a track at a time, shows it with what is around it, and scrolls to its row. Nothing there: only that. */
export function goTo(track: number, time: number, span?: Span): void {
  const series = page.series.value[track];
  if (series === undefined) return;
  const item = itemAt(series, track, 0, time, Number.POSITIVE_INFINITY);
  batch(() => {
    if (item !== undefined) page.selection.value = item;
    const own = span ?? (item === undefined ? { start: time, end: time } : spanOf(series, item));
    if (own.start === own.end) {
      page.view.value = showing(page.view.value, own.start, page.whole.value);
      seek(track);
      return;
    }
    const isVisible = own.start >= page.view.value.start && own.end <= page.view.value.end;
    const isLarge = (own.end - own.start) * 200 > page.view.value.end - page.view.value.start;
    if (span !== undefined || !(isVisible && isLarge)) page.view.value = around(own, page.whole.value);
    seek(track);
  });
}

/** Makes a track's row visible. */
export function seek(track: number): void {
  const row = allRows.value.find(({ strips }) =>
    strips.some((strip) => strip.track === track && strip.kind !== 'task'),
  );
  if (row === undefined) return;
  batch(() => {
    if (page.hidden.value.has(row.key)) page.hidden.value = page.toggled(page.hidden.value, row.key);
    if (page.folded.value.has(row.machine)) page.folded.value = page.toggled(page.folded.value, row.machine);
    sought.value = { key: row.key };
  });
}

export function zoomToSelection(): void {
  const span = selectedSpan();
  if (span !== undefined)
    page.view.value = span.end > span.start ? clamped(span, page.whole.value) : around(span, page.whole.value);
}

/** The range that is being measured, or what is selected. */
export function selectedSpan(): Span | undefined {
  if (page.range.value !== undefined) return page.range.value;
  const item = page.selection.value;
  const series = item && seriesOf(item);
  return item === undefined || series === undefined ? undefined : spanOf(series, item);
}

export function addMark(): void {
  const time = page.pointer.value?.time ?? selectedSpan()?.start ?? (page.view.value.start + page.view.value.end) / 2;
  const near = (page.view.value.end - page.view.value.start) / 300;
  const others = page.marks.value.filter((mark) => Math.abs(mark.time - time) > near);
  const isRemoval = others.length < page.marks.value.length;
  const added = isRemoval ? [] : [{ time: Math.round(time), name: freeName(others.map(({ name }) => name)) }];
  page.marks.value = [...others, ...added].sort((a, b) => a.time - b.time);
}

function freeName(taken: readonly string[]): string {
  for (let number = 1; ; number++) if (!taken.includes(String(number))) return String(number);
}
