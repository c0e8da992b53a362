import { expect, test } from 'vitest';
import { allCaptures, readTrace } from '../../../test/support/captures.ts';
import { Session } from '../worker/session.ts';
import { connect, openFiles, type WorkerEnd } from './link.ts';
import * as page from './page.ts';
import { allRows } from './rows.ts';
import { lengthWithin } from './sentence.ts';

/* The page's end and the worker's, without a browser in between. */

/** The page shows a capture, all of it read. */
async function showCapture(name: string): Promise<void> {
  const capture = allCaptures().find((one) => one.name === name)!;
  const session = new Session((data) => end.onmessage?.({ data } as MessageEvent));
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

test('tracks of calls that hold none have no row', async () => {
  await showCapture('kvm-auto-1vcpu');
  expect(page.layout.value?.tracks.map(({ kind }) => kind)).toContain('calls');
  expect(new Set(allRows.value.map(({ kind }) => kind))).toEqual(new Set(['machine', 'vcpu', 'tasks', 'events']));
});
