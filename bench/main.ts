/*
 * npm run bench [-- ROUNDS]: Tandem against the installed trace-cmd, on the same files in the same minutes.
 * Prints Markdown. First the texts of both are compared: a fast wrong answer counts for nothing.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { rolldown } from 'rolldown';
import bundle from '../rolldown.config.ts';
import { alternate, type Cost, fingerprint, firstLineSeconds, median, obstacle, type Program } from './measure.ts';
import { type Recording, recordings } from './recordings.ts';

const TANDEM = [process.execPath, resolve('dist/cli/main.js'), 'report', '--compat', '3.1'];
/** What uses the library is bundled first, as applications are, and `tandem` is. */
const BUNDLED = resolve('.tmp/bench/bundled');
const COUNT = [process.execPath, resolve(BUNDLED, 'count.js')];
const TRACKS = [process.execPath, resolve(BUNDLED, 'tracks.js')];
const STOCK = ['trace-cmd', 'report'];
const ROUNDS = Number(process.argv[2] ?? 3);

/** One thing that both programs do. */
interface Pass {
  readonly name: string;
  readonly stock: Program;
  readonly ours: Program;
  /** Both print the same. */
  readonly comparable: boolean;
}

function passes({ path, filters, isLarge }: Recording): Pass[] {
  const report = (name: string, ...options: string[]): Pass => ({
    name,
    stock: { name: 'trace-cmd', command: [...STOCK, ...options, '-i', path] },
    ours: { name: 'tandem', command: [...TANDEM, ...options, '-i', path] },
    comparable: true,
  });
  const asksAll = report(`asks all, keeps none: \`-F '${filters.noneOfAll}'\``, '-F', filters.noneOfAll);
  const none = report(`keeps none: \`-F '${filters.none}'\``, '-F', filters.none);
  return [
    ...(isLarge ? [] : [report('full text')]),
    report(`keeps few: \`-F '${filters.few}'\``, '-F', filters.few),
    none,
    asksAll,
    // trace-cmd has no quicker way to go through all events than a filter that keeps none.
    {
      ...none,
      name: 'counts all by the library; trace-cmd: keeps none',
      ours: { name: 'count', command: [...COUNT, path] },
      comparable: false,
    },
    {
      ...asksAll,
      name: 'fills all tracks of the viewer by the library; trace-cmd: asks all, keeps none',
      ours: { name: 'tracks', command: [...TRACKS, path] },
      comparable: false,
    },
  ];
}

async function benchFile(recording: Recording): Promise<void> {
  const { name, path, megabytes } = recording;
  const { stdout } = spawnSync(COUNT[0] as string, [...COUNT.slice(1), path], { encoding: 'utf8' });
  const events = Number(stdout);
  console.log(`\n### ${name} (${megabytes.toFixed(0)} MB, ${(events / 1e6).toFixed(2)} M events)\n\n${HEADER}`);
  const all = passes(recording);
  for (const pass of all) {
    const lines = pass.comparable ? `; ${await comparedLines(pass)}` : '';
    const [stock, ours] = (await alternate([pass.stock, pass.ours], ROUNDS)) as [Cost, Cost];
    console.log(row(`${pass.name}${lines}`, stock, ours, events));
  }
  const [whole] = all;
  if (recording.isLarge || whole === undefined) return;
  const first = [];
  for (const program of [whole.stock, whole.ours]) {
    const seconds = [];
    for (let round = 0; round < ROUNDS + 2; round++) seconds.push(await firstLineSeconds(program));
    first.push(median(seconds));
  }
  const [stock = 0, ours = 0] = first;
  const ratio = (stock / ours).toFixed(2);
  console.log(`\nFirst line of text after: trace-cmd ${stock.toFixed(3)} s, tandem ${ours.toFixed(3)} s (${ratio}x)`);
}

/** How many lines both print, and whether they are the same ones. */
async function comparedLines({ stock, ours }: Pass): Promise<string> {
  const [theirText, ourText] = [await fingerprint(stock), await fingerprint(ours)];
  return `${ourText.lines - 1} lines${theirText.sum === ourText.sum ? '' : ' **(texts differ)**'}`;
}

const HEADER = `| pass | wall s | CPU s | peak MB | wall ratio | CPU ratio | M events/s | M events/CPU s |
|---|---|---|---|---|---|---|---|`;

/** Figures of trace-cmd and of Tandem, and how many times better Tandem is. */
function row(name: string, stock: Cost, ours: Cost, events: number): string {
  const pair = (a: number, b: number, digits: number): string => `${a.toFixed(digits)} / ${b.toFixed(digits)}`;
  const rate = (seconds: number): number => events / 1e6 / seconds;
  const cells = [
    name,
    pair(stock.wallSeconds, ours.wallSeconds, 2),
    pair(stock.cpuSeconds, ours.cpuSeconds, 2),
    pair(stock.peakMegabytes, ours.peakMegabytes, 0),
    `${(stock.wallSeconds / ours.wallSeconds).toFixed(2)}x`,
    `${(stock.cpuSeconds / ours.cpuSeconds).toFixed(2)}x`,
    pair(rate(stock.wallSeconds), rate(ours.wallSeconds), 2),
    pair(rate(stock.cpuSeconds), rate(ours.cpuSeconds), 2),
  ];
  return `| ${cells.join(' | ')} |`;
}

const problem = obstacle();
if (problem !== undefined) {
  console.error(`bench: ${problem}`);
  process.exit(1);
}
const stockVersion = spawnSync('trace-cmd', ['--version'], { encoding: 'utf8' }).stdout.match(/version (\S+)/)?.[1];
console.log(
  `trace-cmd ${stockVersion} / Tandem on Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model}; ` +
    `medians of ${ROUNDS} alternating runs, peak memory is the highest, output to /dev/null, files in the page cache.`,
);
const build = await rolldown({ ...bundle, input: ['bench/count.ts', 'bench/tracks.ts'] });
await build.write({ dir: BUNDLED });
await build.close();
for (const recording of await recordings()) await benchFile(recording);
