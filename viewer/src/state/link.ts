/*
 * The page's end of the line to its worker: questions get their answers, everything else becomes state.
 */
import { batch } from '@preact/signals';
import { type StolenTimes, UNKNOWN_PID } from '../../../src/tracks/types.ts';
import type { Answers, Failure, FromWorker, OpenSettings, Question, ToWorker, TraceInput } from '../protocol.ts';
import * as page from './page.ts';
import { append, emptySeries, type TaskSeries } from './series.ts';
import { Slices } from './slices.ts';
import { trackOf } from './track-key.ts';

type Answer<Q extends Question> = Q extends { readonly type: infer T extends keyof Answers } ? Answers[T] : never;

interface Waiting {
  resolve(answer: unknown): void;
  reject(error: Error): void;
}

export interface WorkerEnd {
  postMessage(message: ToWorker): void;
  onmessage: ((event: MessageEvent<FromWorker>) => void) | null;
}

/** What waits for the worker to have opened or read all, such as a view from the page's address. */
export interface Listener {
  opened(): void;
  loaded(): void;
}

/** Why an answer did not come: one line. `isStale`: other files were opened meanwhile. */
export class NoAnswer extends Error {
  readonly isStale: boolean;
  constructor(message: string, isStale: boolean) {
    super(message);
    this.isStale = isStale;
  }
}

/** Neither bytes, which are read ahead, nor time say exactly how many events are yet to come. */
const SPARE = 1.2;

let worker: WorkerEnd | undefined;
let lastId = 0;
const waiting = new Map<number, Waiting>();

export function connect(end: WorkerEnd, listener: Listener): void {
  worker = end;
  end.onmessage = ({ data }) => take(data, listener);
}

export function openFiles(added: readonly TraceInput[], settings: OpenSettings): void {
  batch(() => {
    const names = new Set(added.map(({ name }) => name));
    page.inputs.value = [...page.inputs.value.filter(({ name }) => !names.has(name)), ...added];
    page.failures.value = page.failures.value.filter(({ name }) => name !== undefined && !names.has(name));
    page.settings.value = settings;
    page.stage.value = 'opening';
  });
  worker?.postMessage({ type: 'open', inputs: added, settings });
}

export function closeFile(name: string): void {
  batch(() => {
    page.inputs.value = page.inputs.value.filter((input) => input.name !== name);
    page.failures.value = page.failures.value.filter((failure) => failure.name !== name);
    page.stage.value = 'opening';
  });
  worker?.postMessage({ type: 'close', name });
}

/** Rejects with `NoAnswer`. */
export function ask<Q extends Question>(question: Q): Promise<Answer<Q>> {
  const id = ++lastId;
  return new Promise((resolve, reject) => {
    if (worker === undefined) return reject(new NoAnswer('no file is open', true));
    waiting.set(id, { resolve: (answer) => resolve(answer as Answer<Q>), reject });
    worker.postMessage({ type: 'ask', id, question });
  });
}

function take(message: FromWorker, listener: Listener): void {
  batch(() => {
    switch (message.type) {
      case 'failed':
        takeFailure(message.failure);
        break;
      case 'opened':
        takeLayout(message);
        listener.opened();
        break;
      case 'oversize': {
        const { events, most, seconds } = message;
        page.oversize.value = { events, most, seconds };
        page.stage.value = page.layout.value === undefined ? 'empty' : 'loaded';
        break;
      }
      case 'tracks':
        takeChunks(message);
        break;
      case 'names':
        page.names.value = message.names;
        page.tasks.value = message.tasks;
        break;
      case 'loaded':
        page.stories.value = message.stories;
        takeStolen(message.stolen);
        page.warnings.value = message.warnings;
        page.stage.value = 'loaded';
        page.grown.value++;
        listener.loaded();
        break;
      case 'answer':
        takeAnswer(message.id, message.answer);
    }
  });
}

function takeFailure(failure: Failure): void {
  page.failures.value = [...page.failures.value.filter(({ name }) => name !== failure.name), failure];
  page.inputs.value = page.inputs.value.filter(({ name }) => name !== failure.name);
  if (page.layout.value === undefined && page.inputs.value.length === 0) page.stage.value = 'empty';
}

function takeLayout({ layout, bounds, warnings, settings }: Extract<FromWorker, { type: 'opened' }>): void {
  for (const { reject } of waiting.values()) reject(new NoAnswer('other files were opened', true));
  waiting.clear();
  page.layout.value = layout.machines.length === 0 ? undefined : layout;
  page.settings.value = settings;
  page.oversize.value = undefined;
  page.bounds.value = bounds;
  page.series.value = layout.tracks.map(emptySeries);
  page.stories.value = [];
  page.names.value = { exits: [], interrupts: [], functions: [] };
  page.tasks.value = [];
  page.warnings.value = warnings;
  page.selection.value = undefined;
  page.search.value = undefined;
  page.taskRows.value = [];
  page.progress.value = { until: 0, events: 0, bytes: 0, totalBytes: 0 };
  page.stage.value = layout.machines.length === 0 ? 'empty' : 'loading';
  page.view.value = page.whole.value;
  page.grown.value++;
}

function takeChunks(message: Extract<FromWorker, { type: 'tracks' }>): void {
  const all = page.series.value;
  const { until, events, bytes, totalBytes } = message;
  const growth = SPARE * Math.max(totalBytes / Math.max(1, bytes), (page.layout.value?.end ?? 0) / Math.max(1, until));
  for (const { track, columns } of message.chunks) {
    const series = all[track];
    if (series !== undefined) append(series, columns, growth);
  }
  moveEnds();
  for (const { series, starts, ends } of stolenSeries(message.stolen)) addStolen(series, starts, ends);
  page.progress.value = { until, events, bytes, totalBytes };
  page.grown.value++;
}

/** Slices that are open last until their machine's latest event: what it did later is not known. */
function moveEnds(): void {
  const { tracks, machines } = page.layout.value ?? { tracks: [], machines: [] };
  const ends = machines.map(() => 0);
  tracks.forEach(({ machine }, place) => {
    const series = page.series.value[place];
    if (series?.kind === 'events' && series.length > 0) {
      ends[machine] = Math.max(ends[machine]!, series.times[series.length - 1]!);
    }
  });
  tracks.forEach((track, place) => {
    const series = page.series.value[place];
    const machine = track.kind === 'vcpu' ? track.host : track.machine;
    if (series?.kind === 'tasks' || series?.kind === 'vcpu') {
      series.shares.end = Math.max(ends[machine]!, series.shares.starts[series.shares.length - 1] ?? 0);
    }
  });
}

/** All of what was taken from guests, in place of what was known of it before. */
function takeStolen(stolen: readonly StolenTimes[]): void {
  for (const series of page.series.value) if (series.kind === 'tasks') series.stolen = new Slices();
  for (const { series, starts, ends } of stolenSeries(stolen)) {
    addStolen(series, starts, ends);
    // What a guest ran that recorded no switches is not known, but what was taken from it is.
    const isUnknown = series.shares.length === 0 && starts.length > 0;
    if (isUnknown) append(series, { starts: Float64Array.of(0), pids: Int32Array.of(UNKNOWN_PID) });
  }
  moveEnds();
}

/** What was taken from a guest's CPU is hatched where its tasks are. */
function stolenSeries(stolen: readonly StolenTimes[]) {
  const layout = page.layout.value;
  if (layout === undefined) return [];
  return stolen.flatMap(({ track, starts, ends }) => {
    const { machine, cpu } = layout.tracks[track]!;
    const series = page.series.value[trackOf(layout, 'tasks', machine, cpu)];
    return series?.kind === 'tasks' ? [{ series, starts, ends }] : [];
  });
}

function addStolen({ stolen }: TaskSeries, starts: Float64Array, ends: Float64Array): void {
  for (let place = 0; place < starts.length; place++) stolen.push(starts[place]!, ends[place]!, 0);
}

function takeAnswer(id: number, answer: Extract<FromWorker, { type: 'answer' }>['answer']): void {
  const waiter = waiting.get(id);
  waiting.delete(id);
  if (waiter === undefined) return;
  if (isFailure(answer)) waiter.reject(new NoAnswer(answer.message, false));
  else waiter.resolve(answer);
}

function isFailure(answer: unknown): answer is Failure {
  return typeof answer === 'object' && answer !== null && 'message' in answer;
}
