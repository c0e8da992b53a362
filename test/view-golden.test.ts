import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { bundledCapture, unpack } from './support/captures.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { openBrowser, ViewerPage, ViewProcess } from './support/viewer.ts';

/*
 * What tracks look like, against small pictures of them: the canvas alone, shrunk so that neither fonts nor the edges of
 * single pixels count. TANDEM_GOLDENS=write makes the pictures anew; look at them before they are kept.
 */

const unable = missing('chromium');
const GOLDENS = resolve('test/fixtures/goldens');
const SIZE = { width: 320, height: 200 };
/** How far a pixel's channels may be off on average, of 255, and how many pixels may be off by much. */
const MOST_OFF = 3;
const MUCH = 24;
const MOST_MUCH = 0.02;

interface Golden {
  readonly name: string;
  readonly capture: string;
  readonly address: string;
  readonly keys: readonly string[];
}

const IN = ['w', 'w', 'w', 'w', 'w', 'w'];
const SHOTS: readonly Golden[] = [
  { name: 'guest-whole-light', capture: 'kvm-auto-1vcpu', address: 'theme=light&panel=none', keys: [] },
  { name: 'guest-near-dark', capture: 'kvm-auto-1vcpu', address: 'theme=dark&panel=none', keys: IN },
  { name: 'calls-light', capture: 'kvm-fgraph', address: 'theme=light&panel=none', keys: [] },
  { name: 'two-guests-dark', capture: 'tcp-two-guests', address: 'theme=dark&panel=none', keys: [] },
];

const temporary = temporaryFolder();
let browser: Browser;
beforeAll(async () => {
  if (unable === undefined) browser = await openBrowser();
});
afterAll(() => browser?.close());

/** The canvas of tracks as a small PNG. */
async function picture({
  capture: name,
  address,
  keys,
}: Golden): Promise<{ page: Page; png: string; end(): Promise<void> }> {
  const capture = bundledCapture(name);
  const server = await ViewProcess.start(unpack(capture, temporary), capture.files[0] as string);
  const viewer = await ViewerPage.open(browser, `${server.url}#${address}`);
  const { page } = viewer;
  for (const key of keys) await page.locator('body').press(key);
  const png = await page.evaluate(async ({ width, height }) => {
    // What a frame has no time for is painted in the next ones.
    for (let frame = 0; frame < 30; frame++) await new Promise((done) => requestAnimationFrame(done));
    const tracks = document.querySelector<HTMLCanvasElement>('[data-testid=tracks-main]')!;
    const small = new OffscreenCanvas(width, height);
    const context = small.getContext('2d')!;
    context.imageSmoothingQuality = 'high';
    context.drawImage(tracks, 0, 0, width, height);
    const bytes = new Uint8Array(await (await small.convertToBlob()).arrayBuffer());
    return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  }, SIZE);
  const end = async () => {
    expect(viewer.problems).toEqual([]);
    await viewer.close();
    await server.end();
  };
  return { page, png, end };
}

/** How different two pictures are: mean distance of channels, and the share of pixels that are off by much. */
function difference(page: Page, one: string, other: string): Promise<{ off: number; much: number }> {
  return page.evaluate(
    async ([texts, limit]) => {
      const pixels = await Promise.all(
        texts.map(async (text) => {
          const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
          const image = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
          const context = new OffscreenCanvas(image.width, image.height).getContext('2d')!;
          context.drawImage(image, 0, 0);
          return context.getImageData(0, 0, image.width, image.height).data;
        }),
      );
      const [a, b] = pixels as [Uint8ClampedArray, Uint8ClampedArray];
      let [sum, much] = [a.length === b.length ? 0 : Number.POSITIVE_INFINITY, 0];
      for (let at = 0; at < a.length; at += 4) {
        const channels = [0, 1, 2].map((channel) => Math.abs(a[at + channel]! - b[at + channel]!));
        sum += channels.reduce((total, value) => total + value, 0);
        if (Math.max(...channels) > limit) much++;
      }
      return { off: sum / ((a.length / 4) * 3), much: much / (a.length / 4) };
    },
    [[one, other], MUCH] as const,
  );
}

describe.skipIf(unable !== undefined)('tracks look as they did', () => {
  const seen = new Map<string, string>();

  test.each(SHOTS)('$name', async (golden) => {
    const { page, png, end } = await picture(golden);
    const path = join(GOLDENS, `${golden.name}.png`);
    if (process.env.TANDEM_GOLDENS === 'write') writeFileSync(path, Buffer.from(png, 'base64'));
    expect(existsSync(path), path).toBe(true);
    const known = readFileSync(path).toString('base64');
    const { off, much } = await difference(page, known, png);
    const told = `${golden.name}: channels are off by ${off.toFixed(2)}, ${(much * 100).toFixed(2)} % of pixels by much`;
    expect(off, told).toBeLessThan(MOST_OFF);
    expect(much, told).toBeLessThan(MOST_MUCH);
    // The measure tells pictures of the same theme apart.
    for (const [name, other] of seen) {
      const distance = await difference(page, other, png);
      expect(distance.off > MOST_OFF || distance.much > MOST_MUCH, `${name} and ${golden.name}`).toBe(true);
    }
    seen.set(golden.name, png);
    await end();
  });
});
