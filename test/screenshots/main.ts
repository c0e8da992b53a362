/*
 * Takes the pictures of the viewer that README and docs show, from the recording that comes with Tandem. Needs Chromium.
 *
 *     npm run screenshots
 */
import { join, resolve } from 'node:path';
import { openBrowser, ViewerPage, ViewProcess } from '../support/viewer.ts';

const FOLDER = resolve('docs/images');

interface Shot {
  readonly name: string;
  readonly address: string;
  /** What to do before the picture is taken. */
  readonly prepare?: (viewer: ViewerPage) => Promise<void>;
}

const SHOTS: readonly Shot[] = [
  { name: 'taken', address: 'panel=steal&theme=dark', prepare: goToWorst },
  { name: 'timeline-dark', address: 'panel=steal&theme=dark' },
  { name: 'timeline-light', address: 'panel=events&theme=light' },
  { name: 'clocks', address: 'panel=clocks&theme=light' },
];

/** Follows the link to the longest time for which another task had the guest's CPU. */
async function goToWorst({ page }: ViewerPage): Promise<void> {
  const row = page.getByTestId('steal-causes').getByRole('row', { name: 'preempted' });
  await row.first().getByTestId('go').click();
  await page.getByTestId('tab-details').click();
}

const server = await ViewProcess.start(resolve('examples'), 'host.dat');
const browser = await openBrowser();
try {
  for (const { name, address, prepare } of SHOTS) {
    const viewer = await ViewerPage.open(browser, `${server.url}#${address}`);
    await prepare?.(viewer);
    // Frames paint within a budget: some pass until all is there.
    await viewer.page.waitForTimeout(1000);
    await viewer.page.screenshot({ path: join(FOLDER, `${name}.png`) });
    if (viewer.problems.length > 0) throw new Error(`${name}: ${viewer.problems.join('; ')}`);
    await viewer.close();
    console.log(`docs/images/${name}.png`);
  }
} finally {
  await browser.close();
  await server.end();
}
