/*
 * npm run bench:record [-- ROUNDS [SECONDS]]: `tandem record` against the installed `trace-cmd record` on the same load,
 * in turns. Needs root and tracefs. Prints Markdown: medians, and the sum of lost events. Ends with 1 when Tandem loses
 * more than trace-cmd, needs more than 1.2 times its CPU time for an event of a load, or longer to finish.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { nodeCodecs, openFile } from '../src/node/index.ts';
import { openTimeline } from '../src/timeline/open-timeline.ts';
import { openCpuStream } from '../src/trace-file/cpu-stream.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { hiding } from '../test/support/stock-recorder.ts';
import { withTracefs } from '../test/support/tracefs-state.ts';
import { median } from './measure.ts';

const ROUNDS = Number(process.argv[2] ?? 3);
const SECONDS = Number(process.argv[3] ?? 20);
/** After which every recorder has started. */
const START_MS = 1500;
const TRACING = '/sys/kernel/tracing';
const folder = mkdtempSync(join(tmpdir(), 'tandem-record-bench-'));
const output = join(folder, 'trace.dat');

interface Load {
  readonly name: string;
  /** System calls per millisecond on each CPU; 0: as many as possible; IDLE. */
  readonly rate: number;
  readonly seconds: number;
  readonly options: readonly string[];
}

/** No load: that tells what a recording costs by itself. */
const IDLE = -1;

/** At a low rate the start of a program is told from what events cost only after a while. */
const LONG = 3 * SECONDS;

const LOADS: readonly Load[] = [
  { name: 'idle', rate: IDLE, seconds: SECONDS, options: ['-e', 'sched'] },
  { name: '50 000 system calls/s on each CPU', rate: 50, seconds: LONG, options: ['-e', 'raw_syscalls'] },
  {
    name: '50 000 system calls/s, no compression',
    rate: 50,
    seconds: LONG,
    options: ['-e', 'raw_syscalls', '--compression', 'none'],
  },
  {
    name: 'as many system calls as possible',
    rate: 0,
    seconds: SECONDS,
    options: ['-e', 'raw_syscalls', '-e', 'sched'],
  },
];

interface Run {
  readonly cpuSeconds: number;
  readonly events: number;
  readonly lost: number;
  readonly megabytes: number;
  readonly firstEventSeconds: number;
  readonly finishSeconds: number;
}

/** Records a load for some seconds, and stops by SIGINT. */
async function measure(recorder: readonly string[], load: Load): Promise<Run> {
  const costs = join(folder, 'time');
  const startClock = Number(process.hrtime.bigint()) / 1e9;
  const words = ['-o', costs, '-f', '%U %S', ...recorder, 'record', '-C', 'mono', '-o', output, ...load.options];
  const child = spawn('/usr/bin/time', words, { stdio: 'ignore', detached: true });
  const ended = once(child, 'exit');
  await sleep(START_MS);
  const loads =
    load.rate === IDLE ? [] : cpus().map(() => ['bench/record-load.mjs', load.seconds, load.rate].map(String));
  const running = loads.map((words) => once(spawn(process.execPath, words, { stdio: 'ignore' }), 'exit'));
  await Promise.all([...running, sleep(load.seconds * 1000)]);
  const stop = performance.now() / 1000;
  process.kill(-(child.pid as number), 'SIGINT');
  await ended;
  const finishSeconds = performance.now() / 1000 - stop;
  const [user = 0, system = 0] = (readFileSync(costs, 'utf8').split('\n').at(-2) ?? '').split(' ').map(Number);
  const { events, lost, first } = await contents();
  return {
    ...{ cpuSeconds: user + system, events, lost, finishSeconds },
    megabytes: statSync(output).size / 1e6,
    firstEventSeconds: first - startClock,
  };
}

/** Events and losses that the file tells of, and the time of its first event. trace-cmd takes minutes to print these files. */
async function contents(): Promise<{ events: number; lost: number; first: number }> {
  const trace = await openTrace(await openFile(output), nodeCodecs);
  const firstTimes = trace.buffers.flatMap((buffer) =>
    buffer.cpus.map(({ cpu }) =>
      openCpuStream(trace, buffer, cpu, { windowBytes: 1 << 16, lookahead: false }).firstTime(),
    ),
  );
  const times = (await Promise.all(firstTimes)).filter((time) => time !== undefined);
  const stats = trace.cpuStats.join('\n');
  const lost = [...stats.matchAll(/^(?:overrun|dropped events): (\d+)/gm)].reduce((sum, [, n]) => sum + Number(n), 0);
  const events = await openTimeline([trace]).count();
  await trace.source.close();
  return { events, lost, first: Math.min(...times.map(Number)) / 1e9 };
}

const RECORDERS = [
  {
    name: 'trace-cmd',
    command: ['unshare', '-m', '--propagation', 'private', ...hiding([TRACING], folder), 'trace-cmd'],
  },
  { name: 'tandem', command: [process.execPath, resolve('dist/cli/main.js')] },
];

/** The bars, as multiples of trace-cmd's. */
const MOST: Partial<Record<keyof Summary, number>> = { cpuMicrosecondsPerEvent: 1.2, lost: 1, finishSeconds: 1 };
const misses: string[] = [];

console.log(
  `Medians of ${ROUNDS} alternating runs of ${SECONDS} s (low rates: ${LONG} s) on ${cpus().length} CPUs; lost: all runs together.\n`,
);
console.log('| load | recorder | CPU s | CPU us/event | events/s | lost | MB | first event s | finish s |');
console.log('|---|---|---|---|---|---|---|---|---|');
await withTracefs(async () => {
  for (const load of LOADS) {
    const runs: Run[][] = RECORDERS.map(() => []);
    for (let round = 0; round < ROUNDS; round++) {
      for (const [index, { command }] of RECORDERS.entries()) runs[index]?.push(await measure(command, load));
    }
    const [stock, ours] = runs.map((some) => summary(some, load.seconds)) as [Summary, Summary];
    console.log(row(load.name, 'trace-cmd', Object.values(stock)));
    console.log(row(load.name, 'tandem', Object.values(ours)));
    const ratio = (key: keyof Summary): string =>
      ours[key] === stock[key] ? '1x' : `${(ours[key] / stock[key]).toFixed(2)}x`;
    console.log(row(load.name, 'ratio', (Object.keys(ours) as (keyof Summary)[]).map(ratio)));
    for (const key of missed(stock, ours)) {
      // A recording of nothing is its start and its end: there is no event whose cost could be told.
      if (load.rate === IDLE && key === 'cpuMicrosecondsPerEvent') continue;
      misses.push(`${load.name}: ${key} is ${ratio(key)}`);
    }
  }
});
rmSync(folder, { recursive: true });
for (const miss of misses) console.log(`\nMissed with ${miss}`);
process.exitCode = misses.length > 0 ? 1 : 0;

/** In the order of the columns. */
interface Summary {
  readonly cpuSeconds: number;
  readonly cpuMicrosecondsPerEvent: number;
  readonly eventsPerSecond: number;
  readonly lost: number;
  readonly megabytes: number;
  readonly firstEventSeconds: number;
  readonly finishSeconds: number;
}

function summary(runs: readonly Run[], seconds: number): Summary {
  const middle = (value: (run: Run) => number): number => median(runs.map(value));
  return {
    cpuSeconds: middle((run) => run.cpuSeconds),
    cpuMicrosecondsPerEvent: middle((run) => (1e6 * run.cpuSeconds) / run.events),
    eventsPerSecond: middle((run) => run.events) / seconds,
    lost: runs.reduce((sum, run) => sum + run.lost, 0),
    megabytes: middle((run) => run.megabytes),
    firstEventSeconds: middle((run) => run.firstEventSeconds),
    finishSeconds: middle((run) => run.finishSeconds),
  };
}

function missed(stock: Summary, ours: Summary): (keyof Summary)[] {
  const bars = Object.entries(MOST) as [keyof Summary, number][];
  return bars.flatMap(([key, most]) => (ours[key] > most * stock[key] ? [key] : []));
}

function row(load: string, recorder: string, values: readonly (number | string)[]): string {
  const texts = values.map((value) => (typeof value === 'string' ? value : String(Number(value.toFixed(2)))));
  return `| ${[load, recorder, ...texts].join(' | ')} |`;
}
