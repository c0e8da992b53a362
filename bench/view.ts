import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { loadKernelShark } from './kernelshark.ts';
import { median } from './measure.ts';
import { type Figures, measurePage, percentile, serve } from './page.ts';
import { CACHE } from './recordings.ts';
import { repeatPair, type Storage } from './repeat.ts';

/*
 * The page on recordings of a host and its guest, and KernelShark on the same files: node view.js [RUNS [EVENTS]].
 */

const ORIGINALS = ['examples/host.dat', 'examples/host-l2b.dat'];

interface Pair {
  readonly name: string;
  readonly files: readonly string[];
  readonly storage: Storage;
  /** Of all events that are wanted. */
  readonly share: number;
}

const V6 = { fileVersion: 6, compression: 'none' } as const;
const V7 = { fileVersion: 7, compression: 'zstd' } as const;
const PAIRS: readonly Pair[] = [
  { name: 'v6', files: ['pair-v6.dat', 'pair-v6-l2b.dat'], storage: V6, share: 1 },
  { name: 'v7 zstd', files: ['pair-v7.dat', 'pair-v7-l2b.dat'], storage: V7, share: 1 },
  { name: 'v6', files: ['part-v6.dat', 'part-v6-l2b.dat'], storage: V6, share: 0.35 },
];

const runs = Number(process.argv[2] ?? 3);
const wanted = Number(process.argv[3] ?? 10e6);

async function pathsOf({ files, storage, share }: Pair): Promise<string[]> {
  const paths = files.map((file) => join(CACHE, `${wanted / 1e6}M-${file}`));
  if (!paths.every((path) => existsSync(path))) await repeatPair(ORIGINALS, paths, wanted * share, storage);
  return paths;
}

async function pageRuns(paths: readonly string[]): Promise<Figures[]> {
  const server = await serve(paths);
  const all: Figures[] = [];
  for (let run = 0; run < runs; run++) all.push(await measurePage(server.url));
  await server.end();
  return all;
}

const pages: string[] = [];
const sharks: string[] = [];
for (const pair of PAIRS) {
  const paths = await pathsOf(pair);
  const megabytes = paths.reduce((sum, path) => sum + statSync(path).size, 0) / 1e6;
  const all = await pageRuns(paths);
  const of = (pick: (figures: Figures) => number): number => median(all.map(pick));
  const name = `${pair.name}, ${megabytes.toFixed(0)} MB, ${(of(({ events }) => events) / 1e6).toFixed(1)} M events`;
  const loaded = of((figures) => figures.loaded);
  const peak = of(({ peakMegabytes }) => peakMegabytes);
  const cells = [
    name,
    `${of(({ firstTracks }) => firstTracks).toFixed(2)} s`,
    `${loaded.toFixed(1)} s`,
    `${of(({ scriptMegabytes }) => scriptMegabytes).toFixed(0)} MB`,
    `${peak.toFixed(0)} MB`,
    `${of(({ frames }) => percentile(frames, 0.95)).toFixed(1)} / ${of(({ frames }) => Math.max(...frames)).toFixed(1)} ms`,
    `${of(({ answers }) => percentile(answers, 0.95)).toFixed(0)} / ${of(({ answers }) => Math.max(...answers)).toFixed(0)} ms`,
  ];
  pages.push(`| ${cells.join(' | ')} |`);
  const shark = await loadKernelShark(paths, runs);
  if (typeof shark === 'string') sharks.push(`| ${name} | ${shark} | |`);
  else {
    const seconds = `${shark.seconds.toFixed(1)} s / ${loaded.toFixed(1)} s (${(shark.seconds / loaded).toFixed(1)}x)`;
    const memory = `${shark.peakMegabytes.toFixed(0)} / ${peak.toFixed(0)} MB (${(shark.peakMegabytes / peak).toFixed(1)}x)`;
    sharks.push(`| ${name} | ${seconds} | ${memory} |`);
  }
}
console.log(
  '| recording | first tracks | all loaded | script memory | peak of the tab | frame, 95 % / worst | zoom, 95 % / worst |',
);
console.log('|---|---|---|---|---|---|---|');
for (const line of pages) console.log(line);
console.log('\n| recording | loaded: KernelShark / the page | peak memory |');
console.log('|---|---|---|');
for (const line of sharks) console.log(line);
