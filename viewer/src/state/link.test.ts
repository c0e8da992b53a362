import { expect, test } from 'vitest';
import { allCaptures, readTrace } from '../../../test/support/captures.ts';
import type { FromWorker } from '../protocol.ts';
import { Session } from '../worker/session.ts';
import { select, selectedSpan } from './go.ts';
import { itemOnStrip } from './item.ts';
import { connect, openFiles, type WorkerEnd } from './link.ts';
import * as page from './page.ts';
import { allRows } from './rows.ts';
import { lengthWithin, sentenceOf, sentenceText } from './sentence.ts';
import { stepAlong } from './step.ts';
import { closeTask, openTask } from './task-rows.ts';

/* The page's end and the worker's, without a browser in between. */

/** The page shows a capture, all of it read. */
async function showCapture(name: string, tapped: (message: FromWorker) => void = () => {}): Promise<void> {
  const capture = allCaptures().find((one) => one.name === name)!;
  const session = new Session((data) => {
    end.onmessage?.({ data } as MessageEvent);
    tapped(data);
  });
  let done: Promise<void> | undefined;
  const end: WorkerEnd = {
    onmessage: null,
    postMessage(message) {
      done = session.take(message);
    },
  };
  connect(end, { opened() {}, loaded() {} });
  openFiles(
    capture.files.map((file) => ({ name: file, blob: new Blob([readTrace(capture, file)]) })),
    { clock: 'corrected' },
  );
  await done;
  expect(page.stage.value).toBe('loaded');
}

test.each(['kvm-auto-1vcpu', 'kvm-v7-none-both', 'kvm-fake-scaling'])(
  'what is hatched in %s is what its story calls stolen',
  async (name) => {
    await showCapture(name);
    const { machines, tracks } = page.layout.value!;
    expect(page.stories.value.length).toBeGreaterThan(0);
    for (const { machine, stolen } of page.stories.value) {
      const guest = tracks.flatMap((track, place) =>
        track.machine === machine && track.kind === 'tasks' ? [place] : [],
      );
      const hatched = guest.reduce((sum, place) => {
        const series = page.series.value[place];
        return series?.kind === 'tasks' ? sum + lengthWithin(series, page.whole.value) : sum;
      }, 0);
      expect(stolen, machines[machine]!.name).toBeGreaterThan(0);
      expect(hatched / stolen, machines[machine]!.name).toBeCloseTo(1, 12);
    }
  },
);

test('what is taken from a guest is hatched while its events come in', async () => {
  const hatched: number[] = [];
  const lengths = () =>
    page.series.value.reduce(
      (sum, series) => (series.kind === 'tasks' ? sum + lengthWithin(series, page.whole.value) : sum),
      0,
    );
  await showCapture('kvm-auto-1vcpu', ({ type }) => {
    if (type === 'tracks') hatched.push(lengths());
  });
  expect(hatched.at(-1)).toBeGreaterThan(0);
  expect(hatched.at(-1)! / lengths()).toBeCloseTo(1, 1);
});

test('a row of a task tells what the task did, and can be selected and left', async () => {
  await showCapture('kvm-auto-1vcpu');
  const host = page.layout.value!.machines.findIndex(({ host }) => host === undefined);
  const thread = page.layout.value!.tracks.find((track) => track.kind === 'vcpu');
  if (thread?.kind !== 'vcpu') throw new Error('this capture has a thread');
  await openTask(host, thread.pid);
  const [row] = page.taskRows.value;
  const item = itemOnStrip({ kind: 'task', track: 0, level: 0 }, row!.series!.shares.starts[3]!, 0);
  expect(item).toEqual({ track: -1, level: 0, index: 3, task: { machine: host, pid: thread.pid } });
  select(item);
  expect(selectedSpan()).toEqual({ start: row!.series!.shares.starts[3], end: row!.series!.shares.starts[4] });
  const world = {
    ...{ layout: page.layout.value!, series: page.series.value, taskRows: page.taskRows.value },
    ...{ names: page.names.value, tasks: page.tasks.value },
  };
  expect(sentenceText(sentenceOf(world, item!))).toMatch(
    new RegExp(`^.+-${thread.pid} (ran|slept|was woken|could run)`),
  );
  stepAlong(1);
  expect(page.selection.value).toEqual({ ...item, index: 4 });
  closeTask(host, thread.pid);
  expect(page.selection.value).toBeUndefined();
});

test('tracks of calls that hold none have no row', async () => {
  await showCapture('kvm-auto-1vcpu');
  expect(page.layout.value?.tracks.map(({ kind }) => kind)).toContain('calls');
  expect(new Set(allRows.value.map(({ kind }) => kind))).toEqual(new Set(['machine', 'vcpu', 'tasks', 'events']));
});
