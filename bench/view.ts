import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { median } from './measure.ts';
import { CACHE } from './recordings.ts';
import { repeatPair, type Storage } from './repeat.ts';

/*
 * The page on a recording of a host and its guest of 10 million events: node view.js [RUNS] [EVENTS].
 */

const CHROMIUM = '/usr/bin/chromium';
const FLAGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking'];
const SIZE = { width: 1280, height: 800 };
const ORIGINALS = ['examples/host.dat', 'examples/host-l2b.dat'];
const LOAD_LIMIT_MS = 240_000;
const STEPS = 40;

interface Pair {
  readonly name: string;
  readonly files: readonly string[];
  readonly storage: Storage;
}

const PAIRS: readonly Pair[] = [
  { name: 'v6', files: ['pair-v6.dat', 'pair-v6-l2b.dat'], storage: { fileVersion: 6, compression: 'none' } },
  { name: 'v7 zstd', files: ['pair-v7.dat', 'pair-v7-l2b.dat'], storage: { fileVersion: 7, compression: 'zstd' } },
];

interface Figures {
  readonly events: number;
  /** Seconds from the request for the page. */
  readonly firstTracks: number;
  readonly loaded: number;
  /** Of the tab, after loading: all memory that scripts hold, and the largest resident size of its process. */
  readonly scriptMegabytes: number;
  readonly peakMegabytes: number;
  /** Milliseconds of the page's main thread per frame while zooming and panning. */
  readonly frames: readonly number[];
}

/** Seconds from the request for the page until messages of a kind were shown; events so far. */
interface Seen {
  readonly tracks: number;
  readonly loaded: number;
  readonly events: number;
}

/** Notes when messages of each kind come from the worker, and when the page has drawn after them. */
function watchWorker(): void {
  const seen: Record<string, number> = {};
  Object.assign(globalThis, { benchSeen: seen });
  const Plain = globalThis.Worker;
  globalThis.Worker = class extends Plain {
    constructor(...args: ConstructorParameters<typeof Plain>) {
      super(...args);
      this.addEventListener('message', ({ data }: MessageEvent<{ type: string; events?: number }>) => {
        if (data.events !== undefined) Object.assign(seen, { events: data.events });
        if (seen[data.type] !== undefined) return;
        seen[data.type] = Number.NaN;
        requestAnimationFrame(() =>
          requestAnimationFrame(() => {
            seen[data.type] = performance.now() / 1000;
          }),
        );
      });
    }
  };
}

async function measure(browser: Browser, url: string): Promise<Figures> {
  const context = await browser.newContext({ viewport: SIZE });
  const page = await context.newPage();
  try {
    await page.addInitScript(watchWorker);
    await page.goto(url);
    const seen = await page.waitForFunction(
      () => {
        const { benchSeen } = globalThis as unknown as { benchSeen: Seen };
        return benchSeen.loaded > 0 ? benchSeen : undefined;
      },
      undefined,
      { timeout: LOAD_LIMIT_MS },
    );
    const { events, tracks, loaded } = (await seen.jsonValue()) as Seen;
    const frames = await moving(browser, page);
    const scriptMegabytes = await scriptMemory(page);
    const peakMegabytes = await peakMemory(browser);
    return { events, firstTracks: tracks, loaded, scriptMegabytes, peakMegabytes, frames };
  } finally {
    await context.close();
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

/** Zooms in, pans, zooms out: what the main thread did in each frame. */
async function moving(browser: Browser, page: Page): Promise<number[]> {
  await browser.startTracing(page, {
    categories: ['toplevel', 'devtools.timeline', 'disabled-by-default-devtools.timeline'],
  });
  await page.mouse.move(SIZE.width * 0.6, SIZE.height * 0.4);
  for (const delta of [-120, 120]) {
    for (let step = 0; step < STEPS; step++) {
      await page.mouse.wheel(0, delta);
      await nextFrame(page);
    }
    for (const key of ['d', 'a']) {
      for (let step = 0; step < STEPS / 2; step++) {
        await page.keyboard.press(key);
        await nextFrame(page);
      }
    }
  }
  return framesOf(await browser.stopTracing());
}

const nextFrame = (page: Page): Promise<void> =>
  page.evaluate(() => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))));

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

const percentile = (values: readonly number[], part: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? Number.NaN;

async function serve(files: readonly string[]): Promise<{ readonly url: string; end(): Promise<void> }> {
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

const runs = Number(process.argv[2] ?? 3);
const wanted = Number(process.argv[3] ?? 10e6);
console.log(
  '| recording | events | first tracks | all loaded | script memory | peak of the tab | frame, 95 % | worst frame |',
);
console.log('|---|---|---|---|---|---|---|---|');
for (const { name, files, storage } of PAIRS) {
  const paths = files.map((file) => join(CACHE, `${wanted / 1e6}M-${file}`));
  if (!paths.every((path) => existsSync(path))) await repeatPair(ORIGINALS, paths, wanted, storage);
  const megabytes = paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6;
  const server = await serve(paths);
  const all: Figures[] = [];
  for (let run = 0; run < runs; run++) {
    const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
    all.push(await measure(browser, server.url));
    await browser.close();
  }
  await server.end();
  const of = (pick: (figures: Figures) => number): number => median(all.map(pick));
  const cells = [
    `${name}, ${megabytes.toFixed(0)} MB`,
    `${(of(({ events }) => events) / 1e6).toFixed(2)} M`,
    `${of(({ firstTracks }) => firstTracks).toFixed(2)} s`,
    `${of(({ loaded }) => loaded).toFixed(1)} s`,
    `${of(({ scriptMegabytes }) => scriptMegabytes).toFixed(0)} MB`,
    `${of(({ peakMegabytes }) => peakMegabytes).toFixed(0)} MB`,
    `${of(({ frames }) => percentile(frames, 0.95)).toFixed(1)} ms`,
    `${of(({ frames }) => Math.max(...frames)).toFixed(1)} ms`,
  ];
  console.log(`| ${cells.join(' | ')} |`);
}
