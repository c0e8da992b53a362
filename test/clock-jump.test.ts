import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { findTwins, quantile, shareWithinBounds } from '../src/demo/twins.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { openFile } from '../src/node/file-source.ts';
import { openTrace } from '../src/trace-file/open.ts';
import type { TraceFile } from '../src/trace-file/types.ts';
import { missing } from './support/capabilities.ts';
import { startGuest } from './support/loopback.ts';
import { tandem } from './support/run.ts';
import { setTaiOffset, taiFixed, taiOffset } from './support/tai-offset.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * A guest on this kernel whose clock is set while both are recorded. What its file makes of its stamps is compared with
 * the host's, event by event.
 */
const unable = missing('root', 'tracefs') ?? taiFixed();
const folder = temporaryFolder();
const STARTED = join(folder, 'started');
const WORKLOAD = ['sh', '-c', `touch ${STARTED}; for i in $(seq 250); do sleep 0.005; done`];
const EVENTS = ['-e', 'sched_switch', '--no-filter'];
/** A jump is known to the round; the events between two rounds get a bound that is as wide. */
const INTERVAL_MS = 50;

async function recordWithJump(): Promise<void> {
  const before = tracefsState();
  const guest = await startGuest('tandem', 'tandem-jump', folder);
  const offset = taiOffset();
  try {
    const ofHost = ['-o', 'host.dat', '-C', 'mono', '--tsync-interval', String(INTERVAL_MS), ...EVENTS];
    const ofGuest = ['-A', `guest@127.0.0.1:${guest.port}`, '-C', 'tai', ...EVENTS];
    const recording = tandem(['record', ...ofHost, ...ofGuest, ...WORKLOAD], { cwd: folder });
    while (!existsSync(STARTED)) await sleep(10);
    await sleep(600);
    setTaiOffset(offset + 1);
    const { status, stderr } = await recording;
    expect([status, stderr]).toEqual([0, '']);
  } finally {
    setTaiOffset(offset);
    await guest.stop();
  }
  expect(tracefsState()).toEqual(before);
  expect(journals()).toEqual([]);
}

test('a guest whose clock jumps by a second is on the timeline before and after it', async (context) => {
  context.skip(unable !== undefined, unable);
  await withTracefs(recordWithJump);
  const files: TraceFile[] = [];
  try {
    for (const name of ['host.dat', 'host-guest.dat']) {
      files.push(await openTrace(await openFile(join(folder, name)), nodeCodecs));
    }
    const [host, guest] = files as [TraceFile, TraceFile];
    for (const mode of ['exact', 'stock'] as const) {
      const twins = await findTwins(host, guest, mode);
      expect(twins.errors.length).toBeGreaterThan(500);
      const [least, most] = [Math.min, Math.max].map((of) => twins.distances.reduce((a, b) => of(a, b)));
      expect((most as number) - (least as number)).toBeGreaterThan(0.999e9);
      expect(quantile(twins.errors, 0.5)).toBeLessThan(20_000);
      expect(quantile(twins.errors, 0.8)).toBeLessThan(100_000);
      expect(shareWithinBounds(twins)).toBeGreaterThan(0.98);
    }
  } finally {
    for (const { source } of files) await source.close();
  }
});
