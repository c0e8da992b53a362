import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { guestStories } from '../src/tracks/stories.ts';
import { lengthText } from '../viewer/src/state/exact.ts';
import { badFiles } from './support/bad-files.ts';
import { formatText, recordBytes } from './support/build-events.ts';
import { buildTrace } from './support/build-trace.ts';
import { missing } from './support/capabilities.ts';
import { bundledCapture, unpack } from './support/captures.ts';
import { tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { fillTracks, openCapture } from './support/tracks.ts';
import { openBrowser, ViewerPage, ViewProcess } from './support/viewer.ts';

/* The page in a browser, on recordings of a host and its guest: what it shows is what the library says. */

const unable = missing('chromium');
const temporary = temporaryFolder();
const capture = bundledCapture('kvm-auto-1vcpu');
const [host, guest] = capture.files as [string, string];
const BUILT = pathToFileURL(resolve('dist/viewer/index.html')).href;
const FILTER = 'sched_switch: next_pid > 0';
let folder = '';
let browser: Browser;
let server: ViewProcess;

beforeAll(async () => {
  if (unable !== undefined) return;
  folder = unpack(capture, temporary);
  browser = await openBrowser();
  server = await ViewProcess.start(folder, host);
});
afterAll(async () => {
  await browser?.close();
  await server?.end();
});

/** Lines of `tandem report`, without headings. */
async function report(...args: string[]): Promise<string[]> {
  const { status, stdout } = await tandem(['report', ...args], { cwd: folder });
  expect(status).toBe(0);
  return stdout
    .toString('utf8')
    .trimEnd()
    .split('\n')
    .filter((line) => !/^ *\S*:? *cpus=\d+$/.test(line));
}

/** On a page of its own, which must have nothing to complain of in the end, unless that is what is looked at. */
async function onPage(
  url: string,
  work: (viewer: ViewerPage) => Promise<void>,
  first: 'loaded' | 'welcome' = 'loaded',
  complains = false,
): Promise<void> {
  const viewer = await ViewerPage.open(browser, url, first);
  try {
    await work(viewer);
    if (!complains) expect(viewer.problems).toEqual([]);
  } finally {
    await viewer.close();
  }
}

/** Rows are empty until the worker answers. */
const firstRow = (page: Page): Locator => page.getByTestId('event-row').filter({ hasText: /./ }).first();

const count = (text: string): number => Number(/[\d\u202f]+/.exec(text)?.[0].replaceAll('\u202f', ''));

describe.skipIf(unable !== undefined)('the page', () => {
  test('draws tracks in many colours', () =>
    onPage(server.url, async ({ page }) => {
      const colours = await page.evaluate(async () => {
        await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
        const seen = new Set<number>();
        for (const canvas of document.querySelectorAll('canvas')) {
          const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data;
          if (pixels) for (const pixel of new Uint32Array(pixels.buffer)) seen.add(pixel);
        }
        return seen.size;
      });
      expect(colours).toBeGreaterThan(20);
    }));

  test('tells of the steal what the library does', () =>
    onPage(server.url, async (viewer) => {
      const { builder } = await fillTracks(await openCapture(capture.name));
      const { unit } = builder.plan.layout;
      const [story] = guestStories(builder);
      if (story === undefined) throw new Error('this capture has a guest');
      await viewer.page.getByTestId('tab-steal').click();
      const text = await viewer.text(`story-${guest}`);
      for (const length of [story.inGuest, story.stolen, story.halted])
        expect(text).toContain(lengthText(length, unit));
      for (const { cause, total } of story.steal.slice(0, 3)) {
        expect(text).toContain(cause);
        expect(text).toContain(lengthText(total, unit));
      }
      for (const { reason } of story.exits.slice(0, 3)) expect(text).toContain(reason);
    }));

  test('tells of the clock what `tandem clock` does', () =>
    onPage(server.url, async (viewer) => {
      const { stdout } = await tandem(['clock', '--json', host], { cwd: folder });
      const proof = JSON.parse(stdout.toString());
      await viewer.page.getByTestId('tab-clocks').click();
      expect(await viewer.text('verdict')).toBe(proof.verdict);
      expect(await viewer.text('clock-words')).toBe(proof.words);
      for (const { cpu, samples } of proof.cpus)
        expect(await viewer.text('clock-cpus')).toContain(`${cpu} ${samples} `);
    }));

  test('its table has the events of a report, and its details the line', () =>
    onPage(server.url, async ({ page }) => {
      const lines = await report(host);
      await page.getByTestId('tab-events').click();
      const total = page.getByTestId('table-total');
      await expect.poll(async () => count(await total.innerText()), { timeout: 60_000 }).toBe(lines.length);
      await firstRow(page).click();
      await page.getByRole('grid').press('ArrowDown');
      await page.getByTestId('tab-details').click();
      const line = await page.getByTestId('event-line').innerText();
      expect(line.trim()).toBe(lines[1]?.trim());
      expect(await page.getByTestId('event-bytes').innerText()).toMatch(/^0000/);
    }));

  test('finds what a filter of report finds, and says what is wrong with one', () =>
    onPage(server.url, async ({ page }) => {
      const expected = (await report(host, '-F', FILTER)).length;
      await page.locator('body').press('/');
      const box = page.getByTestId('search');
      expect(await box.evaluate((element) => element === document.activeElement)).toBe(true);
      await box.fill(FILTER);
      await box.press('Enter');
      // What is typed while it searches stays.
      await box.fill('sched_switch: next_pid ==');
      const state = page.getByTestId('search-state');
      await expect
        .poll(async () => count((await state.innerText()).replace(/^.* of /, '')), { timeout: 60_000 })
        .toBe(expected);
      expect(await box.inputValue()).toBe('sched_switch: next_pid ==');
      await box.press('Enter');
      await expect.poll(() => state.innerText(), { timeout: 60_000 }).toMatch(/next_pid ==/);
      await box.fill('no_such_event');
      await box.press('Enter');
      await expect.poll(() => state.innerText(), { timeout: 60_000 }).toMatch(/no_such_event/);
    }));

  test('is moved by keys, and an address brings back what was seen', () =>
    onPage(server.url, async (viewer) => {
      const { page } = viewer;
      const whole = await viewer.text('view-span');
      for (const key of ['w', 'w', 'd', 'w', 'a', 's']) await page.locator('body').press(key);
      await page.getByTestId('tab-clocks').click();
      await expect.poll(() => page.url(), { timeout: 60_000 }).toMatch(/#.*view=.*panel=clocks/);
      const seen = await viewer.text('view-span');
      expect(seen).not.toBe(whole);
      await onPage(page.url(), async (other) => {
        expect(await other.text('view-span')).toBe(seen);
        expect(await other.page.getByTestId('tab-clocks').getAttribute('aria-selected')).toBe('true');
      });
      await page.locator('body').press('f');
      await expect.poll(() => viewer.text('view-span'), { timeout: 60_000 }).toBe(whole);
      await page.locator('body').press('?');
      await page.getByTestId('help').waitFor();
    }));

  test('shows on a row of its own what a task did', () =>
    onPage(server.url, async (viewer) => {
      const { page } = viewer;
      await page.getByTestId('tab-tracks').click();
      await page.getByTestId('task-search').fill('sleep');
      await page.getByTestId('open-task').first().click();
      const label = page.locator('.label-task');
      await label.waitFor();
      await expect.poll(() => label.innerText(), { timeout: 60_000 }).not.toContain('reading');
      const row = (await label.boundingBox())!;
      const tracks = (await page.getByTestId('tracks-main').boundingBox())!;
      await page.mouse.move(tracks.x + tracks.width * 0.6, row.y + row.height / 2);
      const told = /^sleep-\d+ (ran|slept|was woken|could run) |^not known what sleep-/;
      await expect.poll(() => viewer.text('tooltip'), { timeout: 60_000 }).toMatch(told);
      await page.mouse.click(tracks.x + tracks.width * 0.6, row.y + row.height / 2);
      await page.getByTestId('tab-details').click();
      expect(await viewer.text('panel-details')).toMatch(told);
      await expect.poll(() => page.url(), { timeout: 60_000 }).toMatch(/at=task%7E|at=task~/);
      const address = page.url();
      await onPage(address, async (other) => {
        await expect.poll(() => other.text('panel-details'), { timeout: 60_000 }).toMatch(told);
      });
    }));

  test('lets no script in but its own, and asks nobody else', () =>
    onPage(
      server.url,
      async ({ page }) => {
        const refused = await page.evaluate(async () => {
          const kinds: string[] = [];
          addEventListener('securitypolicyviolation', ({ effectiveDirective }) => kinds.push(effectiveDirective));
          const script = document.createElement('script');
          script.textContent = 'globalThis.wasRun = true';
          document.body.append(script);
          document.body.insertAdjacentHTML(
            'beforeend',
            '<p style="color: red" onclick="globalThis.wasRun = true"></p>',
          );
          document.body.querySelector<HTMLElement>('p[style]')?.click();
          await fetch('http://localhost:1/').catch(() => undefined);
          await new Promise((done) => setTimeout(done, 100));
          return [...new Set(kinds), 'wasRun' in globalThis ? 'a script was run' : 'none was run'];
        });
        expect(refused).toEqual([
          'script-src-elem',
          'style-src-attr',
          'script-src-attr',
          'connect-src',
          'none was run',
        ]);
      },
      'loaded',
      true,
    ));

  test.each(['light', 'dark'])('is accessible in the %s theme', (theme) =>
    onPage(`${server.url}#theme=${theme}`, async ({ page }) => {
      // The page itself lets no other script in.
      await page.evaluate(readFileSync('node_modules/axe-core/axe.min.js', 'utf8'));
      for (const panel of ['events', 'steal', 'clocks', 'tracks', 'details', 'messages']) {
        await page.getByTestId(`tab-${panel}`).click();
        await page.getByTestId(`panel-${panel}`).waitFor();
        // A selected row looks different.
        if (panel === 'events') await firstRow(page).click();
        const violations = await page.evaluate(async () => {
          const { axe } = globalThis as unknown as {
            axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
          };
          return (await axe.run()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html}`);
        });
        expect(violations, panel).toEqual([]);
      }
    }),
  );
});

describe.skipIf(unable !== undefined)('without a server of ours', () => {
  test('a page from a disk shows files that are dropped on it', () =>
    onPage(
      BUILT,
      async (viewer) => {
        const { page } = viewer;
        const files = capture.files.map((name) => ({
          name,
          bytes: readFileSync(join(folder, name)).toString('base64'),
        }));
        await page.evaluate((dropped) => {
          const data = new DataTransfer();
          for (const { name, bytes } of dropped) {
            data.items.add(new File([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))], name));
          }
          for (const type of ['dragover', 'drop']) {
            document.body.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
          }
        }, files);
        await viewer.loaded();
        await page.getByTestId('tab-events').click();
        const lines = await report(host);
        await expect
          .poll(async () => count(await page.getByTestId('table-total').innerText()), { timeout: 60_000 })
          .toBe(lines.length);
      },
      'welcome',
    ));

  test('an export works on a host that answers no ranges', async () => {
    expect((await tandem(['view', '--export', 'site', host], { cwd: folder })).status).toBe(0);
    const plain = createServer((request, response) => {
      const path = join(folder, 'site', decodeURIComponent(request.url ?? '/').replace(/\/$/, '/index.html'));
      if (!existsSync(path)) response.writeHead(404).end();
      else
        response
          .writeHead(200, { 'content-type': path.endsWith('.html') ? 'text/html' : 'x/y' })
          .end(readFileSync(path));
    }).listen(0, '127.0.0.1');
    await once(plain, 'listening');
    const { port } = plain.address() as AddressInfo;
    await onPage(`http://127.0.0.1:${port}/`, async ({ page }) => {
      for (const name of capture.files) expect(await page.getByTestId('timeline').isVisible(), name).toBe(true);
    });
    plain.close();
  });
});

describe.skipIf(unable !== undefined)('bad input', () => {
  test('every malformed file is spoken of or shown, and the other files stay open', async () => {
    const viewer = await ViewerPage.open(browser, BUILT, 'welcome');
    const { page } = viewer;
    await page.getByTestId('file-input').setInputFiles(join(folder, guest));
    await viewer.loaded();
    await page.getByTestId('tab-messages').click();
    // From then on the panel stays, whatever is opened.
    for (const { name, bytes, expected } of badFiles) {
      const path = join(temporary, `${name}.dat`);
      writeFileSync(path, bytes());
      await page.getByTestId('file-input').setInputFiles(path);
      const messages = page.getByTestId('messages');
      await expect.poll(() => messages.innerText(), { timeout: 60_000, message: name }).toContain(`${name}.dat`);
      await viewer.loaded();
      const text = await messages.innerText();
      expect(text, name).toContain(`${guest} is open`);
      const failures = await page.getByTestId('failure').allInnerTexts();
      const own = failures.filter((one) => one.startsWith(`${name}.dat`));
      if (expected === 'error') expect(own, name).toHaveLength(1);
      for (const one of own) expect(one, name).not.toMatch(/\n|undefined|unexpected/);
      const close = page.getByRole('button', { name: `Close ${name}.dat`, exact: true });
      if (await close.isVisible()) await close.click();
      await viewer.loaded();
    }
    expect(viewer.problems).toEqual([]);
    await viewer.close();
  });

  test('names and texts that look like markup stay texts', async () => {
    const markup = '<img src=x onerror=alert(1)>';
    const data = recordBytes(true, { id: 1000, pid: 7 }, (out) => out.u32(5));
    const path = join(temporary, '<b>bold.dat');
    writeFileSync(
      path,
      buildTrace({
        systems: [
          {
            name: 'odd',
            formats: [formatText('odd', 1000, ['int a;\toffset:8;\tsize:4;\tsigned:1;'], `"${markup} %d", REC->a`)],
          },
        ],
        cmdlines: `7 ${markup}\n`,
        buffers: [
          {
            cpus: [
              {
                cpu: 0,
                events: [
                  { time: 1_000_000n, data },
                  { time: 2_000_000n, data },
                ],
              },
            ],
          },
        ],
      }),
    );
    await onPage(
      BUILT,
      async (viewer) => {
        const { page } = viewer;
        await page.getByTestId('file-input').setInputFiles(path);
        await viewer.loaded();
        await page.getByTestId('tab-events').click();
        await firstRow(page).click();
        expect(await viewer.text('event-row')).toContain(`${markup} 5`);
        expect(await viewer.text('event-row')).toContain(`${markup}-7`);
        await page.getByTestId('tab-details').click();
        expect(await page.getByTestId('event-line').innerText()).toContain(markup);
        await page.getByText(basename(path)).first().waitFor();
        expect(await page.locator('img').count()).toBe(0);
      },
      'welcome',
    );
  });
});
