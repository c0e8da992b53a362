import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../src/base/byte-source.ts';
import { writeReport } from '../../../src/text/report/report.ts';
import { loadReportFile } from '../../../src/text/report/report-file.ts';
import { type ReportSettings, reportInput, reportSettings } from '../../../src/text/report/settings.ts';
import { portableCodecs } from '../../../src/trace-file/codecs.ts';
import { openTrace } from '../../../src/trace-file/open.ts';
import type { TrackLayout } from '../../../src/tracks/types.ts';
import { allCaptures, type Capture, readTrace } from '../../../test/support/captures.ts';
import type { Answers, FromWorker, OpenSettings, Question, Row, RowSet, TraceInput } from '../protocol.ts';
import { Session } from './session.ts';

/** A session, and all that it posts. */
class Talk {
  readonly messages: FromWorker[] = [];
  readonly session: Session;
  #ids = 0;

  constructor(mostEvents?: number) {
    this.session = new Session((message) => this.messages.push(message), mostEvents);
  }

  async open(inputs: readonly TraceInput[], settings: OpenSettings = { clock: 'corrected' }): Promise<void> {
    await this.session.take({ type: 'open', inputs, settings });
  }

  async ask<Asked extends Question>(question: Asked): Promise<Answers[Asked['type']]> {
    const id = ++this.#ids;
    await this.session.take({ type: 'ask', id, question });
    const message = this.all('answer').find((one) => one.id === id)!;
    return message.answer as Answers[Asked['type']];
  }

  all<Type extends FromWorker['type']>(type: Type): Extract<FromWorker, { type: Type }>[] {
    return this.messages.filter((one) => one.type === type) as Extract<FromWorker, { type: Type }>[];
  }

  get layout(): TrackLayout {
    return this.all('opened').at(-1)!.layout;
  }

  get failures(): string[] {
    return this.all('failed').map(({ failure }) => failure.message);
  }

  async rows(set: Partial<RowSet> = {}): Promise<Row[]> {
    const rows: Row[] = [];
    for (;;) {
      const question = { type: 'rows', set: { ...ALL, ...set }, from: rows.length, count: 997 } as const;
      const answer = await this.ask(question);
      rows.push(...answer.rows);
      if (answer.rows.length === 0 || rows.length === answer.total) return rows;
    }
  }
}

const ALL: RowSet = { of: 'all', sort: 'time', descending: false };

const inputsOf = (capture: Capture): TraceInput[] =>
  capture.files.map((name) => ({ name, blob: new Blob([readTrace(capture, name)]) }));

async function talkOf(capture: Capture, settings?: OpenSettings): Promise<Talk> {
  const talk = new Talk();
  await talk.open(inputsOf(capture), settings);
  expect(talk.failures).toEqual([]);
  return talk;
}

async function report(capture: Capture, settings: Partial<ReportSettings>, filter?: string): Promise<string[]> {
  const inputs = [];
  for (const name of capture.files) {
    const trace = await openTrace(memorySource(name, readTrace(capture, name)), portableCodecs);
    const filters = filter === undefined ? [] : [{ text: filter, excludes: false }];
    inputs.push(reportInput(await loadReportFile(trace, name, '3.4'), { filters: { filters, repeated: [] } }));
  }
  const pieces: Buffer[] = [];
  const sink = {
    async write(bytes: Uint8Array) {
      pieces.push(Buffer.from(bytes));
      return true;
    },
  };
  await writeReport(inputs, reportSettings({ ...settings, pluginOptions: ['ftrace:indent=0'] }), sink);
  return Buffer.concat(pieces).toString('utf8').trimEnd().split('\n');
}

interface Said {
  readonly file: string;
  readonly cpu: number;
  readonly pid?: number;
  readonly time: string;
  readonly event: string | null;
  readonly text?: string;
  readonly bound?: number | null | undefined;
  readonly lost?: number;
}

const said = ({ file, cpu, pid, time, event, text, bound, lost }: Said) =>
  [file, cpu, pid, time, event, text, bound ?? undefined, lost ?? 0].join(' | ');

function saidOf(row: Row, { tracks, machines }: TrackLayout): string {
  const lane = tracks[row.track]!;
  const { stamp: time, name: event } = row;
  return said({ ...row, file: machines[lane.machine]!.name, cpu: lane.cpu, time, event });
}

/** Their texts say what tasks are called, which a report learns as it goes; a table knows it from the beginning. */
const nameless = (line: string): string => line.replace(/ comm=\S*|<\.\.\.>/g, '');

const MOST_EVENTS = 40_000;
const captures = allCaptures().filter(({ name }) => name !== 'big-function');

describe.each(captures.map((capture) => [capture.name, capture] as const))('%s', (_, capture) => {
  test('rows are the events of a report, in its order', async () => {
    const talk = await talkOf(capture);
    const lines = await report(capture, { json: true, bounds: true });
    const expected = lines.filter((line) => line !== '').map((line) => said(JSON.parse(line) as Said));
    const { tracks } = talk.layout;
    const total = (await talk.ask({ type: 'rows', set: ALL, from: 0, count: 0 })).total;
    const hasCalls = tracks.some(({ kind }) => kind === 'calls');
    if (total > MOST_EVENTS) return;
    const rows = (await talk.rows()).map((row) => saidOf(row, talk.layout));
    // A report shows a call that calls nothing, and its end, as one.
    const reported = new Set(expected);
    const shown = hasCalls ? rows.filter((row) => reported.has(row) || !row.includes('funcgraph_exit')) : rows;
    expect(shown.map(nameless)).toEqual(expected.map(nameless));
  });
});
