/*
 * npm run bench [-- ROUNDS]: Tandem against the installed trace-cmd, on the same files in the same minutes.
 * Prints Markdown. First the texts of both are compared: a fast wrong answer counts for nothing.
 */
import { spawnSync } from 'node:child_process';
import { cpus } from 'node:os';
import { resolve } from 'node:path';
import { alternate, type Cost, fingerprint, firstLineSeconds, median, obstacle, type Program } from './measure.ts';
import { type Recording, recordings } from './recordings.ts';

const TANDEM = [process.execPath, resolve('dist/cli/main.js'), 'report', '--compat', '3.1'];
const STOCK = ['trace-cmd', 'report'];
const ROUNDS = Number(process.argv[2] ?? 3);

interface Pass {
  readonly name: string;
  readonly options: readonly string[];
}

function passes({ filters }: Recording): Pass[] {
  return [
    { name: 'full text', options: [] },
    { name: `keeps few: \`-F '${filters.few}'\``, options: ['-F', filters.few] },
    { name: `keeps none: \`-F '${filters.none}'\``, options: ['-F', filters.none] },
    { name: `asks all, keeps none: \`-F '${filters.noneOfAll}'\``, options: ['-F', filters.noneOfAll] },
  ];
}

function programs(recording: Recording, pass: Pass): [Program, Program] {
  const rest = [...pass.options, '-i', recording.path];
  return [
    { name: 'trace-cmd', command: [...STOCK, ...rest] },
    { name: 'tandem', command: [...TANDEM, ...rest] },
  ];
}

async function benchFile(recording: Recording): Promise<void> {
  let events = 0;
  for (const pass of passes(recording)) {
    const [stock, ours] = programs(recording, pass);
    const [theirText, ourText] = [await fingerprint(stock), await fingerprint(ours)];
    if (pass.options.length === 0) {
      events = ourText.lines - 1;
      const size = `${recording.megabytes.toFixed(0)} MB, ${millions(events)} M events`;
      console.log(`\n### ${recording.name} (${size})\n\n${HEADER}`);
    }
    const same = theirText.sum === ourText.sum ? '' : ' **(texts differ)**';
    const [a, b] = (await alternate([stock, ours], ROUNDS)) as [Cost, Cost];
    console.log(row(`${pass.name}; ${ourText.lines - 1} lines${same}`, a, b, events));
  }
  const first = [];
  for (const program of programs(recording, { name: '', options: [] })) {
    const seconds = [];
    for (let round = 0; round < ROUNDS + 2; round++) seconds.push(await firstLineSeconds(program));
    first.push(`${program.name} ${median(seconds).toFixed(3)} s`);
  }
  console.log(`\nFirst line of text after: ${first.join(', ')}`);
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

const millions = (count: number): string => (count / 1e6).toFixed(2);

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
for (const recording of await recordings()) await benchFile(recording);
