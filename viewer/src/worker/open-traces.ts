import { utf8 } from '../../../src/base/byte-writer.ts';
import { TandemError } from '../../../src/base/errors.ts';
import type { DecodedLog } from '../../../src/sync/log.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { openCpuStream, type PlacedCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import type { TrackPlan } from '../../../src/tracks/layout.ts';
import { taskStates } from '../../../src/tracks/task-states.ts';
import type { EventColumns, TaskNames, TrackChunk, TrackLayout } from '../../../src/tracks/types.ts';
import type { Answers, Question, Row, RowSet } from '../protocol.ts';
import { clockPictures } from './clocks.ts';
import { CSV_HEAD, csvLine } from './csv.ts';
import { findEvents } from './find.ts';
import { Lane, timeRange } from './lane.ts';
import { rowKeys } from './row-keys.ts';
import { type Chosen, RowOrder } from './row-order.ts';
import { type EventPlace, RowSource } from './row-source.ts';

/** More rows are asked for in several questions. */
const MOST_ROWS = 10_000;
const CSV_ROWS = 4_000;

/** A read costs a browser some milliseconds, however little it reads: much at a time, within bounds for many lanes. */
const windowBytesOf = (lanes: number): number => Math.min(1 << 22, Math.floor((1 << 26) / Math.max(1, lanes)));

type AnswerTo<Asked extends Question> = Answers[Asked['type']];

/** Files that are shown together, and the answers to what is asked about their events. */
export class OpenTraces {
  readonly layout: TrackLayout;
  readonly #files: readonly ReportFile[];
  readonly #plan: TrackPlan;
  readonly #logs: ReadonlyMap<string, DecodedLog>;
  /** In the order in which events of the same time go. */
  readonly #lanes: readonly Lane[];
  readonly #laneOf: ReadonlyMap<number, number>;
  readonly #rows: RowSource;
  #all: RowOrder;
  #matches: RowOrder;
  #clocks: Promise<Answers['clocks']> | undefined;

  constructor(files: readonly ReportFile[], plan: TrackPlan, logs: ReadonlyMap<string, DecodedLog>) {
    const { layout, settings, lanes } = plan;
    const { base } = layout;
    this.layout = layout;
    this.#files = files;
    this.#plan = plan;
    this.#logs = logs;
    const range = settings.range && timeRange(base, settings.range);
    this.#lanes = lanes.map(({ track, file, buffer, cpu, rules }) => {
      const { machine } = layout.tracks[track]!;
      return new Lane({ track, file, machine, trace: files[file]!.trace, buffer, cpu, rules, base, range });
    });
    this.#laneOf = new Map(this.#lanes.map(({ place }, at) => [place.track, at]));
    this.#rows = new RowSource(files, this.#lanes);
    this.#all = this.#order(undefined);
    this.#matches = this.#order([]);
  }

  /** Opens a stream whose events are found again by where they were when they passed. */
  noting(...[trace, buffer, cpu, options]: Parameters<typeof openCpuStream>): PlacedCpuStream {
    const windowBytes = Math.max(options.windowBytes, windowBytesOf(this.#lanes.length));
    const stream = openCpuStream(trace, buffer, cpu, { ...options, windowBytes });
    const lane = this.#lanes.find(({ place }) => place.buffer === buffer && place.cpu === cpu);
    return lane?.noting(stream) ?? stream;
  }

  /** Keeps what of a chunk answers need. */
  add({ track, columns }: TrackChunk): void {
    const lane = this.#laneOf.get(track);
    if (lane !== undefined) this.#lanes[lane]!.events.append(columns as EventColumns);
  }

  /** Names of tasks, by machine, for those that the files do not name: with them texts do not depend on what was read before. */
  name(tasks: readonly TaskNames[]): void {
    for (const [machine, names] of tasks.entries()) {
      const { comms } = this.#files[this.layout.machines[machine]!.file]!.env;
      for (const [pid, name] of names) {
        const bytes = utf8(name);
        if (pid > 0 && !comms.has(pid)) comms.register(pid, bytes, 0, bytes.length);
      }
    }
  }

  /** Rejects with a TandemError where the question is wrong or a file can't be read. */
  async answer(question: Question): Promise<AnswerTo<Question>> {
    switch (question.type) {
      case 'rows':
        return this.#answerRows(question.set, question.from, question.count);
      case 'rowAt':
        return this.#orderOf(question.set).indexAt(question.set.sort, question.set.descending, question.time);
      case 'details':
        return this.#details(question.track, question.event);
      case 'find':
        return this.#find(question.filter);
      case 'task':
        return this.#task(question.machine, question.pid);
      case 'clocks':
        this.#clocks ??= clockPictures(
          this.#files.map(({ trace }) => trace),
          this.layout,
          this.#logs,
        );
        return this.#clocks;
      case 'csv':
        return this.#csv(question.set, question.from, question.to);
    }
  }

  #order(chosen: readonly Chosen[] | undefined): RowOrder {
    return new RowOrder(this.#lanes, chosen, (sort) => rowKeys(sort, this.#lanes, this.#files));
  }

  /** While files are read, there are more events each time. */
  #orderOf({ of }: RowSet): RowOrder {
    if (of === 'matches') return this.#matches;
    const total = this.#lanes.reduce((sum, { events }) => sum + events.length, 0);
    if (total !== this.#all.total) this.#all = this.#order(undefined);
    return this.#all;
  }

  async #answerRows(set: RowSet, from: number, count: number): Promise<Answers['rows']> {
    const order = this.#orderOf(set);
    const places = order.places(set.sort, set.descending, from, Math.min(count, MOST_ROWS));
    return { rows: await this.#rowsOf(places, from), total: order.total };
  }

  async #rowsOf(places: readonly EventPlace[], from: number): Promise<Row[]> {
    const rows = await this.#rows.rows(places);
    return rows.map((row, at) => ({ ...row, index: from + at }));
  }

  async #details(track: number, event: number): Promise<Answers['details']> {
    const lane = this.#laneOf.get(track);
    if (lane === undefined || !(event >= 0 && event < this.#lanes[lane]!.events.length)) {
      throw new TandemError('NOT_FOUND', `event ${event} of track ${track}`, 'is not there');
    }
    const details = await this.#rows.details({ lane, event });
    return { ...details, row: { ...details.row, index: -1 } };
  }

  async #find(filter: string): Promise<Answers['find']> {
    const found = filter.trim() === '' ? [] : await findEvents(this.#files, this.#lanes, filter);
    this.#matches = this.#order(found);
    const lanes = found.flatMap((events, at) =>
      events.length === 0 ? [] : [{ track: this.#lanes[at]!.place.track, events }],
    );
    return { total: this.#matches.total, lanes };
  }

  async #task(machine: number, pid: number): Promise<Answers['task']> {
    if (this.layout.machines[machine] === undefined) {
      throw new TandemError('NOT_FOUND', `machine ${machine}`, 'is not there');
    }
    return taskStates(this.#files, this.#plan, machine, pid);
  }

  async #csv(set: RowSet, from: number, to: number): Promise<Blob> {
    const order = this.#orderOf(set);
    const parts = [CSV_HEAD];
    const end = Math.min(to, order.total);
    for (let at = Math.max(0, from); at < end; at += CSV_ROWS) {
      const places = order.places(set.sort, set.descending, at, Math.min(CSV_ROWS, end - at));
      const rows = await this.#rowsOf(places, at);
      const lines = rows.map((row, i) => {
        const { file, cpu } = this.#lanes[places[i]!.lane]!.place;
        return csvLine({ ...row, file: this.#files[file]!.label, cpu });
      });
      parts.push(lines.join(''));
    }
    return new Blob(parts, { type: 'text/csv' });
  }
}
