import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';

/** A command line to measure. */
export interface Program {
  readonly name: string;
  readonly command: readonly string[];
}

/** What one run took. CPU is user and system time of all threads, as the kernel counted it. */
export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** GNU time: it waits for the program and asks the kernel what it used. */
const TIME = '/usr/bin/time';

/** Without what makes every start of Node read a whole file of certificates first: 0.05 to 0.1 s of nobody's work. */
const { NODE_EXTRA_CA_CERTS: _, ...env } = process.env;

/** Runs a program with its output thrown away. */
export async function cost({ command }: Program): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'tandem-cost-'));
  const nowhere = openSync('/dev/null', 'w');
  try {
    const report = join(folder, 'time');
    const start = performance.now();
    const child = spawn(TIME, ['-o', report, '-f', '%U %S %M', ...command], {
      env,
      stdio: ['ignore', nowhere, 'ignore'],
    });
    const [status] = (await once(child, 'exit')) as [number | null];
    const wallSeconds = (performance.now() - start) / 1000;
    if (status !== 0) throw new Error(`${command.join(' ')}: exit code ${status}`);
    const [user, system, peakKb] = readFileSync(report, 'utf8').trim().split(' ').map(Number) as [
      number,
      number,
      number,
    ];
    return { wallSeconds, cpuSeconds: user + system, peakMegabytes: (peakKb * 1024) / 1e6 };
  } finally {
    closeSync(nowhere);
    rmSync(folder, { recursive: true });
  }
}

/** Runs programs in turn, `rounds` times each, so that a slow spell of the machine hits all. One run before is not counted. */
export async function alternate(programs: readonly Program[], rounds: number): Promise<Cost[]> {
  const runs: Cost[][] = programs.map(() => []);
  for (let round = -1; round < rounds; round++) {
    for (const [index, program] of programs.entries()) {
      const one = await cost(program);
      if (round >= 0) (runs[index] as Cost[]).push(one);
    }
  }
  return runs.map((costs) => ({
    wallSeconds: median(costs.map((one) => one.wallSeconds)),
    cpuSeconds: median(costs.map((one) => one.cpuSeconds)),
    peakMegabytes: Math.max(...costs.map((one) => one.peakMegabytes)),
  }));
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/** Lines of a program's output, and a checksum of it. */
export async function fingerprint({ command }: Program): Promise<{ lines: number; sum: string }> {
  const [file, ...args] = command as [string, ...string[]];
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'ignore'] });
  const hash = createHash('sha256');
  let lines = 0;
  child.stdout.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    for (const byte of chunk) if (byte === 0x0a) lines++;
  });
  await once(child, 'close');
  return { lines, sum: hash.digest('hex') };
}

/** Seconds from the start of a program until it has written its second line: the first one is a heading. */
export async function firstLineSeconds({ command }: Program): Promise<number> {
  const [file, ...args] = command as [string, ...string[]];
  const start = performance.now();
  const child = spawn(file, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
  let newlines = 0;
  let seconds = Number.NaN;
  for await (const chunk of child.stdout as AsyncIterable<Buffer>) {
    for (const byte of chunk) if (byte === 0x0a) newlines++;
    if (newlines >= 2) {
      seconds = (performance.now() - start) / 1000;
      break;
    }
  }
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return seconds;
}

/** Why nothing can be measured here; undefined where it can. */
export function obstacle(): string | undefined {
  if (spawnSync(TIME, ['-V']).error !== undefined) return `no ${TIME}: apt-get install time`;
  if (spawnSync('trace-cmd', ['--version']).error !== undefined) return 'no trace-cmd: apt-get install trace-cmd';
  return undefined;
}
