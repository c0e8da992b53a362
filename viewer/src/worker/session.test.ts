import { describe, expect, test } from 'vitest';
import { memorySource } from '../../../src/base/byte-source.ts';
import { writeReport } from '../../../src/text/report/report.ts';
import { loadReportFile } from '../../../src/text/report/report-file.ts';
import { type ReportSettings, reportInput, reportSettings } from '../../../src/text/report/settings.ts';
import { portableCodecs } from '../../../src/trace-file/codecs.ts';
import { openTrace } from '../../../src/trace-file/open.ts';
import type { TrackLayout } from '../../../src/tracks/types.ts';
import { allCaptures, bundledCapture, type Capture, readTrace } from '../../../test/support/captures.ts';
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

const kvm = bundledCapture('kvm-auto-1vcpu');

describe('of a host and its guest', () => {
  test('a row is found by time, and its details have the line of a report', async () => {
    const talk = await talkOf(kvm);
    const lines = (await report(kvm, {})).filter((line) => !/ cpus=\d+$/.test(line));
    const rows = await talk.rows();
    expect(rows.length).toBe(lines.length);
    for (const at of [0, 17, 2500, rows.length - 1]) {
      const { track, event, time, stamp, index } = rows[at]!;
      const { line, row, bytes, fields } = await talk.ask({ type: 'details', track, event });
      expect(line).toBe(lines[at]);
      expect(row.stamp).toBe(stamp);
      expect(bytes.length % 4).toBe(0);
      expect(fields.length).toBeGreaterThan(0);
      const found = await talk.ask({ type: 'rowAt', set: ALL, time });
      expect(rows[found]?.time).toBe(time);
      expect(found).toBeLessThanOrEqual(index);
    }
  });

  test.each(['cpu', 'task', 'name'] as const)(
    'rows sorted by %s are the same rows, those of one key by time',
    async (sort) => {
      const talk = await talkOf(kvm);
      const { layout } = talk;
      const keyOf = ({ track, task, name }: Row): string | number => {
        const { machine, cpu } = layout.tracks[track]!;
        return sort === 'cpu' ? machine * 1000 + cpu : sort === 'task' ? task : name;
      };
      const plain = await talk.rows();
      const sorted = await talk.rows({ sort });
      for (let i = 1; i < sorted.length; i++) {
        const [before, row] = [sorted[i - 1]!, sorted[i]!];
        expect(keyOf(before) <= keyOf(row)).toBe(true);
      }
      const place = (row: Row): string => `${row.track}:${row.event}`;
      expect(new Set(sorted.map(place))).toEqual(new Set(plain.map(place)));
      const descending = await talk.rows({ sort, descending: true });
      expect(descending.map(place)).toEqual(sorted.map(place).reverse());
    },
  );

  test.each(['sched_switch: next_pid > 0', 'kvm_exit', 'sched: common_pid != 0'])(
    'what %s finds is what it lets pass in a report',
    async (filter) => {
      const talk = await talkOf(kvm);
      const { total, lanes } = await talk.ask({ type: 'find', filter });
      const expected = (await report(kvm, { json: true }, filter)).filter((line) => line !== '');
      expect(total).toBe(expected.length);
      expect(lanes.reduce((sum, { events }) => sum + events.length, 0)).toBe(total);
      const rows = await talk.rows({ of: 'matches' });
      expect(rows.map(({ stamp }) => stamp)).toEqual(expected.map((line) => (JSON.parse(line) as Said).time));
    },
  );

  test('a filter of task names goes by all names that the file tells, not only those so far', async () => {
    const talk = await talkOf(kvm);
    const { total } = await talk.ask({ type: 'find', filter: '.*: COMM == "sleep"' });
    expect((await talk.rows({ of: 'matches' })).every(({ task }) => task === 'sleep')).toBe(true);
    expect(total).toBe((await talk.rows()).filter(({ task }) => task === 'sleep').length);
  });

  test('a filter that is none is answered with what is wrong', async () => {
    const talk = await talkOf(kvm);
    expect(await talk.ask({ type: 'find', filter: 'sched_switch: next_pid ==' })).toHaveProperty('message');
    expect(await talk.ask({ type: 'find', filter: 'no_such_event' })).toMatchObject({
      message: expect.stringContaining('no_such_event'),
    });
  });

  test('a range gives the events in it, and finds each in the file', async () => {
    const all = await (await talkOf(kvm)).rows();
    const talk = await talkOf(kvm, { clock: 'corrected', range: { from: 1, to: 2 } });
    const expected = all.filter(({ time }) => time >= 1e9 && time <= 2e9);
    const shown = ({ stamp, name, text, track }: Row) => ({ stamp, name, text, track });
    expect((await talk.rows()).map(shown)).toEqual(expected.map(shown));
    const { total } = await talk.ask({ type: 'find', filter: 'sched_switch' });
    expect(total).toBe(expected.filter(({ name }) => name === 'sched_switch').length);
  });

  test('more events than a tab holds are not read but for a range of them', async () => {
    const talk = new Talk(3000);
    await talk.open(inputsOf(kvm));
    const [{ events, most, seconds } = { events: 0, most: 0, seconds: 0 }] = talk.all('oversize');
    expect(most).toBe(3000);
    expect(events).toBeGreaterThan(3000);
    expect(talk.all('opened')).toEqual([]);
    await talk.open([], { clock: 'corrected', range: { from: 0, to: seconds / 10 } });
    expect(talk.all('loaded')).toHaveLength(1);
  });

  test('a file that is none is spoken of, and the others stay open', async () => {
    const talk = await talkOf(kvm);
    await talk.open([{ name: 'none.dat', blob: new Blob(['this is no trace']) }]);
    expect(talk.failures).toHaveLength(1);
    expect(talk.failures[0]).toMatch(/^none\.dat: /);
    expect(talk.layout.machines.map(({ name }) => name)).toEqual(kvm.files);
    await talk.session.take({ type: 'close', name: kvm.files[0] as string });
    expect(talk.layout.machines.map(({ name }) => name)).toEqual(kvm.files.slice(1));
  });

  test('rows as CSV have a line each', async () => {
    const talk = await talkOf(kvm);
    const csv = await (await talk.ask({ type: 'csv', set: ALL, from: 0, to: 50 })).text();
    const lines = csv.trimEnd().split('\r\n');
    expect(lines[0]).toBe('file,cpu,task,pid,time,bound,lost,system,event,text');
    expect(lines).toHaveLength(51);
  });
});
