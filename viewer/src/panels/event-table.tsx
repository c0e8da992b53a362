import { type Signal, useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import type { Row, RowSet, SortKey } from '../protocol.ts';
import { countText, lengthText, stampText } from '../state/exact.ts';
import { goTo, select } from '../state/go.ts';
import { ask, NoAnswer } from '../state/link.ts';
import * as page from '../state/page.ts';
import { RowPages } from './row-pages.ts';
import { useRowScroll } from './row-scroll.ts';

const ROW_HEIGHT = 20;

interface Column {
  readonly name: string;
  readonly sort: SortKey | undefined;
  readonly text: (row: Row) => string;
}

const COLUMNS: readonly Column[] = [
  { name: 'Time', sort: 'time', text: ({ stamp }) => stampText(stamp, unit()) },
  { name: '±', sort: undefined, text: ({ bound }) => (bound === undefined ? '' : lengthText(bound, unit())) },
  { name: 'Machine', sort: undefined, text: ({ track }) => machineName(track) },
  { name: 'CPU', sort: 'cpu', text: ({ track }) => String(page.layout.value?.tracks[track]?.cpu ?? '') },
  { name: 'Task', sort: 'task', text: ({ task, pid }) => `${task}-${pid}` },
  { name: 'Event', sort: 'name', text: ({ name }) => name },
  { name: 'Text', sort: undefined, text: ({ text, lost }) => (lost === 0 ? text : `[events lost before] ${text}`) },
];

const unit = () => page.layout.value?.unit ?? 'ns';
const machineName = (track: number) => {
  const layout = page.layout.value;
  return layout?.machines[layout.tracks[track]?.machine ?? -1]?.name ?? '';
};

/** All events, or the matches of the search, by pages from the worker. Tied to the timeline both ways. */
export function EventTable() {
  const of = useSignal<'all' | 'matches'>(page.search.value === undefined ? 'all' : 'matches');
  const sort = useSignal<{ readonly key: SortKey; readonly descending: boolean }>({ key: 'time', descending: false });
  const set = useComputed<RowSet>(() => {
    page.grown.value;
    return {
      of: page.search.value === undefined ? 'all' : of.value,
      sort: sort.value.key,
      descending: sort.value.descending,
    };
  });
  const pages = useSignal(new RowPages(set.value));
  const body = useRef<HTMLDivElement>(null);
  const scroll = useRowScroll(body, ROW_HEIGHT, () => pages.value.total.value);
  useEffect(
    () =>
      set.subscribe((wanted) => {
        pages.value = new RowPages(wanted);
        pages.value.need(0, 1);
      }),
    [],
  );
  useFollow(set, (index) => scroll.show(index));
  const { value: rows } = pages;
  rows.arrived.value;
  const total = rows.total.value;
  const first = Math.floor(scroll.top.value);
  const count = Math.ceil(scroll.room.value / ROW_HEIGHT) + 1;
  useEffect(() => rows.need(first, count), [rows, first, count, total]);
  return (
    <div class="event-table" data-testid="event-table">
      <TableHead of={of} sort={sort} total={total} />
      <div
        class="rows"
        ref={body}
        role="grid"
        tabIndex={0}
        aria-label="Events"
        aria-rowcount={total}
        onScroll={scroll.onScroll}
        onKeyDown={(event) => onKey(event, rows, first, scroll.show)}
      >
        <div class="rows-room" style={{ height: `${scroll.height.value}px` }}>
          <div class="rows-shown" style={{ transform: `translateY(${scroll.offset.value}px)` }}>
            {Array.from({ length: Math.max(0, Math.min(count, total - first)) }, (_, place) => (
              <TableRow key={first + place} index={first + place} row={rows.at(first + place)} />
            ))}
          </div>
        </div>
      </div>
    </div>
  );
}

function TableHead({
  of,
  sort,
  total,
}: {
  readonly of: Signal<'all' | 'matches'>;
  readonly sort: Signal<{ readonly key: SortKey; readonly descending: boolean }>;
  readonly total: number;
}) {
  return (
    <div class="table-head">
      {COLUMNS.map(({ name, sort: key }, place) => {
        const isSorted = key !== undefined && sort.value.key === key;
        const arrow = isSorted ? (sort.value.descending ? ' ▾' : ' ▴') : '';
        if (key === undefined)
          return (
            <span class={`cell cell-${place}`} key={name}>
              {name}
            </span>
          );
        return (
          <span class={`cell cell-${place}`} key={name}>
            <button
              type="button"
              data-testid={`sort-${key}`}
              aria-label={`Sort by ${name.toLowerCase()}${isSorted && !sort.value.descending ? ', descending' : ''}`}
              onClick={() => {
                sort.value = { key, descending: isSorted && !sort.value.descending };
              }}
            >
              {name}
              {arrow}
            </button>
          </span>
        );
      })}
      <span class="table-total" data-testid="table-total">
        {countText(total)} events
        {page.search.value !== undefined && (
          <label>
            <input
              type="checkbox"
              checked={of.value === 'matches'}
              onChange={(event) => {
                of.value = event.currentTarget.checked ? 'matches' : 'all';
              }}
            />{' '}
            matches only
          </label>
        )}
      </span>
    </div>
  );
}

function TableRow({ index, row }: { readonly index: number; readonly row: Row | undefined }) {
  const item = page.selection.value;
  const isSelected = row !== undefined && item?.track === row.track && item.index === row.event;
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the grid has the keys
    <div
      class={`row${isSelected ? ' selected' : ''}`}
      role="row"
      tabIndex={-1}
      aria-rowindex={index + 1}
      aria-selected={isSelected}
      data-testid="event-row"
      onClick={() => row !== undefined && selectRow(row)}
      onDblClick={() => row !== undefined && goTo(row.track, row.time)}
    >
      {COLUMNS.map(({ name, text }, place) => (
        <span class={`cell cell-${place}`} role="gridcell" key={name}>
          {row === undefined ? '' : text(row)}
        </span>
      ))}
    </div>
  );
}

function selectRow(row: Row): void {
  select({ track: row.track, level: 0, index: row.event });
}

/** Arrows go from row to row; Enter shows the event on the timeline. */
function onKey(event: KeyboardEvent, rows: RowPages, first: number, show: (index: number) => void): void {
  const item = page.selection.value;
  const by = { ArrowDown: 1, ArrowUp: -1, PageDown: 15, PageUp: -15 }[event.key];
  const at = item === undefined ? undefined : rows.indexOf(item.track, item.index);
  if (by !== undefined) {
    const next = Math.min(Math.max(at === undefined ? first : at + by, 0), rows.total.value - 1);
    const row = rows.at(next);
    if (row !== undefined) selectRow(row);
    show(next);
  } else if (event.key === 'Enter' && item !== undefined) {
    const row = at === undefined ? undefined : rows.at(at);
    if (row !== undefined) goTo(row.track, row.time);
  } else return;
  event.preventDefault();
  event.stopPropagation();
}

/** Shows the row of what is selected on the timeline; of the view's begin, if nothing is. */
function useFollow(set: { readonly value: RowSet }, show: (index: number) => void): void {
  const item = page.selection.value;
  const series = item === undefined ? undefined : page.series.value[item.track];
  const time = item !== undefined && series?.kind === 'events' ? series.times[item.index] : page.view.value.start;
  const wanted = set.value;
  useEffect(() => {
    if (wanted.sort !== 'time' || time === undefined) return;
    const timer = setTimeout(() => {
      ask({ type: 'rowAt', set: wanted, time }).then(show, (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
      });
    }, 120);
    return () => clearTimeout(timer);
  }, [wanted, time]);
}
