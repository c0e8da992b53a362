import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import type { EventDetails } from '../protocol.ts';
import { impossibleText } from '../state/clocks.ts';
import { exactTime, lengthText, stampText } from '../state/exact.ts';
import { goTo } from '../state/go.ts';
import { isSameTask, seriesOf, spanOf } from '../state/item.ts';
import { ask, NoAnswer } from '../state/link.ts';
import type { Item } from '../state/page.ts';
import * as page from '../state/page.ts';
import { scene } from '../state/scene.ts';
import { sentenceOf } from '../state/sentence.ts';
import { openTask } from '../state/task-rows.ts';
import { longestThefts } from '../state/thefts.ts';
import { hexLines } from './hex.ts';
import { RangeFacts } from './range-facts.tsx';
import { SentenceText } from './sentence.tsx';

/** What is selected. */
export function Details() {
  const item = page.selection.value;
  const series = item && seriesOf(item);
  if (item !== undefined && series?.kind === 'events') {
    return (
      <div class="panel-body">
        <EventFacts item={item} />
        {page.range.value !== undefined && <RangeFacts range={page.range.value} />}
      </div>
    );
  }
  if (item !== undefined && series !== undefined) {
    return (
      <div class="panel-body">
        <SliceFacts item={item} />
        {page.range.value !== undefined && <RangeFacts range={page.range.value} />}
      </div>
    );
  }
  return (
    <div class="panel-body">
      {page.range.value === undefined ? (
        <p class="faint">Click a slice or an event to see what it is. Drag over the tracks to measure.</p>
      ) : (
        <RangeFacts range={page.range.value} />
      )}
    </div>
  );
}

function SliceFacts({ item }: { readonly item: Item }) {
  const world = scene.value;
  const series = seriesOf(item);
  if (world === undefined || series === undefined) return null;
  const { base, unit } = world.layout;
  const { start, end } = spanOf(series, item);
  return (
    <>
      <SentenceText sentence={sentenceOf(world, item)} />
      <dl class="facts">
        <dt>from</dt>
        <dd class="time">{exactTime(base, start, unit)}</dd>
        <dt>until</dt>
        <dd class="time">{exactTime(base, end, unit)}</dd>
        <dt>length</dt>
        <dd>{lengthText(end - start, unit)}</dd>
        <dt>track</dt>
        <dd>{trackName(item)}</dd>
      </dl>
      <OwnRow item={item} />
      <Thefts item={item} />
    </>
  );
}

/** Of a task on a CPU: all that it did, on a row of its own. */
function OwnRow({ item }: { readonly item: Item }) {
  const series = page.series.value[item.track];
  const machine = page.layout.value?.tracks[item.track]?.machine;
  const pid = series?.kind === 'tasks' ? series.pids[item.index] : undefined;
  if (machine === undefined || pid === undefined || pid <= 0) return null;
  if (page.taskRows.value.some((row) => isSameTask(row, { machine, pid }))) return null;
  return (
    <button type="button" class="small" data-testid="own-row" onClick={() => void openTask(machine, pid)}>
      Show all that this task did
    </button>
  );
}

const MOST_THEFTS = 6;

/** Of a guest's task: when the host had its CPU, and why. */
function Thefts({ item }: { readonly item: Item }) {
  const world = scene.value;
  const series = page.series.value[item.track];
  if (world === undefined || series?.kind !== 'tasks') return null;
  const thefts = longestThefts(world, item.track, spanOf(series, item), MOST_THEFTS);
  if (thefts.length === 0) return null;
  return (
    <div class="thefts" data-testid="thefts">
      <h2>Taken by the host, longest first</h2>
      {thefts.map(({ track, slice, time }) => (
        <div class="theft" key={time}>
          <SentenceText sentence={sentenceOf(world, { track, level: 0, index: slice })} />
          <button type="button" class="small" onClick={() => goTo(track, time)}>
            Go there
          </button>
        </div>
      ))}
    </div>
  );
}

function trackName({ track: place, task }: Item): string {
  const layout = page.layout.value;
  if (task !== undefined) return `task ${task.pid} of ${layout?.machines[task.machine]?.name ?? ''}`;
  const track = layout?.tracks[place];
  if (layout === undefined || track === undefined) return '';
  const machine = layout.machines[track.machine]?.name ?? '';
  if (track.kind === 'vcpu') return `thread ${track.pid} of ${machine}'s CPU ${track.cpu}`;
  return `CPU ${track.cpu} of ${machine}`;
}

/** Undefined while the worker is being asked. */
function useDetails(item: Item): EventDetails | string | undefined {
  const answer = useSignal<EventDetails | string | undefined>(undefined);
  useEffect(() => {
    let isCurrent = true;
    ask({ type: 'details', track: item.track, event: item.index }).then(
      (details) => {
        if (isCurrent) answer.value = details;
      },
      (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        if (isCurrent) answer.value = error.message;
      },
    );
    return () => {
      isCurrent = false;
    };
  }, [item.track, item.index, page.grown.value]);
  return answer.value;
}

function EventFacts({ item }: { readonly item: Item }) {
  const details = useDetails(item);
  if (details === undefined) return <p class="faint">Reading the event ...</p>;
  if (typeof details === 'string') return <p class="error">{details}</p>;
  const { row, line, fields, bytes } = details;
  const unit = page.layout.value?.unit ?? 'ns';
  const impossible = impossibleText(item.track, row.time);
  return (
    <div class="event-details" data-testid="event-details">
      <pre class="line" data-testid="event-line">
        {line}
      </pre>
      <div class="columns">
        <dl class="facts">
          <dt>event</dt>
          <dd>
            {row.system}:{row.name}
          </dd>
          <dt>time</dt>
          <dd class="time">
            {stampText(row.stamp, unit)}
            {row.bound !== undefined && <span class="faint"> ± {lengthText(row.bound, unit)}</span>}
          </dd>
          <dt>task</dt>
          <dd>
            {row.task}-{row.pid}
          </dd>
          <dt>track</dt>
          <dd>{trackName(item)}</dd>
          {impossible !== undefined && (
            <>
              <dt>clock</dt>
              <dd class="error">{impossible}</dd>
            </>
          )}
          {row.lost !== 0 && (
            <>
              <dt>lost before</dt>
              <dd>{row.lost < 0 ? 'some events' : `${row.lost} events`}</dd>
            </>
          )}
        </dl>
        <dl class="facts" data-testid="event-fields">
          {fields.map(({ name, value }) => (
            <>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </>
          ))}
        </dl>
        <pre class="hex" data-testid="event-bytes">
          {hexLines(bytes).join('\n')}
        </pre>
      </div>
    </div>
  );
}
