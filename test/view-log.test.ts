import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { decodeLog } from '../src/sync/log.ts';
import { missing } from './support/capabilities.ts';
import { startGuest } from './support/loopback.ts';
import { run } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { withTracefs } from './support/tracefs-state.ts';
import { openBrowser, ViewerPage } from './support/viewer.ts';

const unable = missing('root', 'tracefs', 'chromium');
const folder = temporaryFolder();
const BUILT = pathToFileURL(resolve('dist/viewer/index.html')).href;

/** Records with a guest on this kernel, and keeps what its probes were. Names of the host's file, the guest's and the log. */
async function record(): Promise<[host: string, guest: string, log: string]> {
  await withTracefs(async () => {
    const guest = await startGuest('tandem', 'tandem-view-log', folder);
    try {
      const sync = ['-C', 'mono', '--tsync-log', '--tsync-interval', '100'];
      const ofGuest = ['-A', `127.0.0.1:${guest.port}`, '-C', 'tai', '-e', 'sched_switch'];
      const words = ['record', '-o', 'host.dat', ...sync, '-e', 'sched_switch', ...ofGuest, 'sleep', '1'];
      const result = await run(process.execPath, [resolve('dist/cli/main.js'), ...words], { cwd: folder });
      expect(result.status, result.stderr).toBe(0);
    } finally {
      await guest.stop();
    }
  });
  const [log = ''] = readdirSync(folder).filter((name) => name.endsWith('.tsync'));
  return ['host.dat', log.replace(/\.tsync$/, ''), log];
}

test.skipIf(unable !== undefined)('a log that is dropped beside its files shows how long probes took', async () => {
  const [host, guest, log] = await record();
  const browser = await openBrowser();
  const viewer = await ViewerPage.open(browser, BUILT, 'welcome');
  const { page } = viewer;
  const open = async (...names: string[]) => {
    await page.getByTestId('file-input').setInputFiles(names.map((name) => join(folder, name)));
    await viewer.loaded();
    await page.getByTestId('tab-clocks').click();
    await page.getByTestId('clock-cpus').waitFor();
  };
  await open(host, guest);
  const histogram = page.getByRole('img', { name: /^Round trips of .+ probes/ });
  expect(await histogram.count()).toBe(0);
  await open(log);
  await histogram.waitFor();
  const { measurements } = decodeLog(readFileSync(join(folder, log), 'utf8'), log);
  const probes = measurements.filter(({ cpu }) => cpu === 0).reduce((sum, one) => sum + (one.probes?.count ?? 0), 0);
  const told = (await histogram.getAttribute('aria-label')) ?? '';
  const count = Number(told.replaceAll('\u202f', '').match(/\d+/)?.[0]);
  // A few probes get no answer.
  expect(count).toBeGreaterThan(0.9 * probes);
  expect(count).toBeLessThanOrEqual(probes);
  expect(await page.getByTestId('failure').count()).toBe(0);
  expect(viewer.problems).toEqual([]);
  await viewer.close();
  await browser.close();
});
