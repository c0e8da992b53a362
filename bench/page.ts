import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type Browser, chromium, type Page } from 'playwright-core';

/*
 * What the viewer's page takes in headless Chromium.
 */

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const SIZE = { width: 1280, height: 800 };
const LOAD_LIMIT_MS = 240_000;
const STEPS = 40;

export interface Figures {
  readonly events: number;
  /** Seconds from the request for the page. */
  readonly firstTracks: number;
  readonly loaded: number;
  /** Of the tab, after loading: all memory that scripts hold, and the largest resident size of its process. */
  readonly scriptMegabytes: number;
  readonly peakMegabytes: number;
  /** Milliseconds of the page's main thread per frame while zooming and panning. */
  readonly frames: readonly number[];
  /** Milliseconds from a turn of the wheel, or a key, until all that it asks for is drawn. */
  readonly answers: readonly number[];
}

/** What the page's own scripts note. */
interface Noted {
  /** Seconds from the request for the page until messages of a kind were shown; events so far. */
  readonly seen: { readonly tracks: number; readonly loaded: number; readonly events: number };
  readonly answers: number[];
  /** Resolves when nothing is left to be drawn. */
  settled(): Promise<void>;
}

/** Before the page's own script: notes when messages of each kind come from the worker, and how long drawing takes. */
function watch(): void {
  const seen: Record<string, number> = {};
  const answers: number[] = [];
  const waiting: (() => void)[] = [];
  const asked = new Set<number>();
  const plainRequest = requestAnimationFrame;
  const plainCancel = cancelAnimationFrame;
  let since = Number.NaN;
  const settle = (hasDrawn: boolean): void => {
    if (asked.size > 0) return;
    if (hasDrawn && !Number.isNaN(since)) answers.push(performance.now() - since);
    since = Number.NaN;
    for (const done of waiting.splice(0)) done();
  };
  globalThis.requestAnimationFrame = (draw) => {
    const id = plainRequest((time) => {
      asked.delete(id);
      draw(time);
      settle(true);
    });
    asked.add(id);
    return id;
  };
  globalThis.cancelAnimationFrame = (id) => {
    asked.delete(id);
    plainCancel(id);
  };
  for (const type of ['wheel', 'keydown']) {
    addEventListener(type, ({ timeStamp }) => (since = timeStamp), { capture: true, passive: true });
  }
  // What was asked for is drawn in a frame that follows: twice the plain one waits for it.
  const settled = () =>
    new Promise<void>((done) =>
      plainRequest(() =>
        plainRequest(() => {
          waiting.push(done);
          settle(false);
        }),
      ),
    );
  Object.assign(globalThis, { bench: { seen, answers, settled } });
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(...args: ConstructorParameters<typeof Plain>) {
      super(...args);
      this.addEventListener('message', ({ data }: MessageEvent<{ type: string; events?: number }>) => {
        if (data.events !== undefined) Object.assign(seen, { events: data.events });
        if (seen[data.type] !== undefined) return;
        seen[data.type] = Number.NaN;
        plainRequest(() =>
          plainRequest(() => {
            seen[data.type] = performance.now() / 1000;
          }),
        );
      });
    }
  };
}

/** In a browser of its own. */
export async function measurePage(url: string): Promise<Figures> {
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
  try {
    const page = await (await browser.newContext({ viewport: SIZE })).newPage();
    await page.addInitScript(watch);
    await page.goto(url);
    await page.waitForFunction(() => (globalThis as unknown as { bench: Noted }).bench.seen.loaded > 0, undefined, {
      timeout: LOAD_LIMIT_MS,
    });
    const frames = await moving(browser, page);
    const { seen, answers } = await page.evaluate(() => {
      const { seen, answers } = (globalThis as unknown as { bench: Noted }).bench;
      return { seen, answers };
    });
    return {
      events: seen.events,
      firstTracks: seen.tracks,
      loaded: seen.loaded,
      scriptMegabytes: await scriptMemory(page),
      peakMegabytes: await peakMemory(browser),
      frames,
      answers,
    };
  } finally {
    await browser.close();
  }
}

const scriptMemory = (page: Page): Promise<number> =>
  page.evaluate(async () => {
    const { measureUserAgentSpecificMemory } = performance as unknown as {
      measureUserAgentSpecificMemory?: () => Promise<{ bytes: number }>;
    };
    return ((await measureUserAgentSpecificMemory?.call(performance))?.bytes ?? Number.NaN) / 1e6;
  });

/** Of the largest renderer. */
async function peakMemory(browser: Browser): Promise<number> {
  const session = await browser.newBrowserCDPSession();
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const peaks = processInfo
    .filter(({ type }) => type === 'renderer')
    .map(({ id }) => Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1]) * 1024);
  return Math.max(...peaks) / 1e6;
}

/** Zooms in, pans, zooms out, shows all at once: what the main thread did in each frame. */
async function moving(browser: Browser, page: Page): Promise<number[]> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await page.mouse.move(SIZE.width * 0.6, SIZE.height * 0.4);
  const times = async (count: number, move: () => Promise<void>): Promise<void> => {
    for (let step = 0; step < count; step++) {
      await move();
      await page.evaluate(() => (globalThis as unknown as { bench: Noted }).bench.settled());
    }
  };
  for (const delta of [-120, 120]) {
    await page.keyboard.down('Control');
    await times(STEPS, () => page.mouse.wheel(0, delta));
    await page.keyboard.up('Control');
    for (const key of ['d', 'a']) await times(STEPS / 2, () => page.keyboard.press(key));
    if (delta < 0) await times(1, () => page.keyboard.press('f'));
  }
  return framesOf(await browser.stopTracing());
}

interface TraceEvent {
  readonly name: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly ts: number;
  readonly dur?: number;
  readonly args: { readonly name?: string };
}

/** Sums of the tasks between two frames on the main thread that has most of them. */
function framesOf(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const mains = traceEvents.filter(({ name, args }) => name === 'thread_name' && args.name === 'CrRendererMain');
  let most: number[] = [];
  for (const { pid, tid } of mains) {
    const own = traceEvents.filter((event) => event.pid === pid && event.tid === tid).sort((a, b) => a.ts - b.ts);
    const frames: number[] = [];
    let sum = 0;
    for (const { name, ph, dur } of own) {
      if (name === 'BeginCommitCompositorFrame') {
        frames.push(sum);
        sum = 0;
      } else if (name === 'RunTask' && ph === 'X') sum += (dur ?? 0) / 1000;
    }
    if (frames.length > most.length) most = frames;
  }
  return most.slice(1);
}

export const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

/** `tandem view` with some files. */
export async function serve(files: readonly string[]): Promise<{ readonly url: string; end(): Promise<void> }> {
  const child = spawn(process.execPath, ['dist/cli/main.js', 'view', '--no-open', ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [first] = (await once(child.stdout, 'data')) as [Buffer];
  return {
    url: first.toString().trim(),
    end: async () => {
      child.kill('SIGINT');
      await once(child, 'exit');
    },
  };
}
