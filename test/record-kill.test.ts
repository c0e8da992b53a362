import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { run, tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * Recordings that are killed at any moment, from the first system call to the last. A look at all settings of tracefs
 * takes a while: it is made after every batch, and a batch that left something names its moments.
 */
const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
/** Of all signals together. */
const KILLS = Number(process.env.TANDEM_KILLS ?? 200);
const SHARES = { SIGKILL: 0.55, SIGTERM: 0.15, SIGINT: 0.15, SIGHUP: 0.15 } as const;
const BATCH = 10;
const INSTANCES = '/sys/kernel/tracing/instances';
const COMMAND = resolve('dist/cli/main.js');
/** Of the time that a whole run takes: some runs end before they are killed. */
const LATEST = 1.15;

const OPTIONS = [
  ...['-e', 'sched', '-f', 'prev_prio < 200', '-v', '-e', '*stat*', '-b', '300', '-C', 'mono', '-F', '-c', '-T'],
  ...['-B', 'tandem-kill-one', '-e', 'irq', '-e', 'timer:hrtimer_start', '-R', 'stacktrace:5', '-M', '1'],
  ...['-B', 'tandem-kill-two', '-e', 'raw_syscalls', '-b', '100', '--compression', 'none'],
  ...['-B', 'tandem-kill-theirs', '-e', 'sched', '-f', 'prev_prio < 200', '-b', '64'],
  // Taking a trigger out takes the kernel some 80 ms: on an event that has one, and on one that has none.
  ...['-e', 'sched_kthread_stop*', '-R', 'traceon'],
];

/** What somebody else has set, and nobody but them changes for good. Returns what takes it back. */
function setSomeThings(): () => void {
  const theirs = join(INSTANCES, 'tandem-kill-theirs');
  if (existsSync(theirs)) rmdirSync(theirs); // of tests that were killed themselves
  mkdirSync(theirs);
  const set = (file: string, value: string) => writeFileSync(join(theirs, file), value);
  set('events/irq/enable', '1');
  set('events/sched/sched_switch/filter', 'next_pid > 1');
  set('events/sched/sched_kthread_stop/trigger', 'stacktrace');
  set('trace_clock', 'boot');
  set('per_cpu/cpu0/buffer_size_kb', '300');
  set('set_event_pid', '1');
  set('options/stacktrace', '1');
  return () => rmdirSync(theirs);
}

/** Returns whether it ended by itself. */
async function killedRun(output: string, after: number, signal: NodeJS.Signals): Promise<boolean> {
  const child = spawn(process.execPath, [COMMAND, 'record', '-o', output, ...OPTIONS, 'sleep', '0.2'], {
    stdio: 'ignore',
  });
  const ended = once(child, 'exit').then(() => true);
  const byItself = await (Number.isFinite(after) ? Promise.race([ended, sleep(after, false)]) : ended);
  child.kill(signal);
  await ended;
  return byItself;
}

const leftovers = (output: string): string[] => readdirSync(folder).filter((name) => name.startsWith(`${output}.`));

describe.each(Object.entries(SHARES) as [NodeJS.Signals, number][])('%s at any moment', (signal, share) => {
  const kills = Math.ceil(KILLS * share);

  test(`${kills} times leaves nothing switched on, and nothing lost`, { timeout: 1200_000 }, async (context) => {
    context.skip(unable !== undefined, unable);
    await withTracefs(async () => {
      const takeBack = setSomeThings();
      try {
        await killOften(signal, kills);
      } finally {
        takeBack();
      }
    });
  });
});

async function killOften(signal: NodeJS.Signals, kills: number): Promise<void> {
  const before = tracefsState();
  const start = performance.now();
  await killedRun(join(folder, 'whole.dat'), Number.POSITIVE_INFINITY, signal);
  const longest = LATEST * (performance.now() - start);
  const seen = { restored: 0, early: 0, whole: 0 };
  for (let first = 0; first < kills; first += BATCH) {
    const moments: number[] = [];
    for (let run = first; run < Math.min(first + BATCH, kills); run++) {
      // Evenly spread, with some chance: the same moments are not met in every run of the tests.
      const after = ((run + Math.random()) * longest) / kills;
      moments.push(Math.round(after));
      seen[await killOnce(`killed-${signal}-${run}.dat`, after, signal)]++;
    }
    expect(changes(before, tracefsState()), `killed after ${moments.join(', ')} ms`).toEqual([]);
    expect(journals()).toEqual([]);
    expect(await countEvents(), 'events of a recording afterwards').toBeGreaterThan(0);
  }
  if (signal === 'SIGKILL' && kills >= BATCH) {
    for (const count of Object.values(seen)) expect(count, JSON.stringify(seen)).toBeGreaterThan(0);
  }
}

/** Kills one run, and puts back and restores what it left. Returns how far it had come. */
async function killOnce(
  output: string,
  after: number,
  signal: NodeJS.Signals,
): Promise<'restored' | 'early' | 'whole'> {
  const byItself = await killedRun(join(folder, output), after, signal);
  if (signal !== 'SIGKILL') expect(journals()).toEqual([]);
  if (journals().length > 0) {
    const reset = await tandem(['reset']);
    expect([reset.status, reset.stderr]).toEqual([0, '']);
  }
  const left = leftovers(output);
  // Whoever can hear a signal finishes the file, or leaves nothing.
  if (byItself || signal !== 'SIGKILL') expect(left).toEqual([]);
  if (left.length > 0) await restore(output);
  if (left.length > 0) return 'restored';
  return existsSync(join(folder, output)) ? 'whole' : 'early';
}

/** What no file shows: a pid filter without pids, say, that keeps everything away. */
async function countEvents(): Promise<number> {
  await tandem(['record', '-q', '-o', 'after.dat', '-e', 'sched', 'sleep', '0.01'], { cwd: folder });
  const { stdout } = await tandem(['report', '-i', 'after.dat'], { cwd: folder });
  return stdout.toString().split('sched_').length - 1;
}

/** The lines that are not in both. */
function changes(before: readonly string[], after: readonly string[]): string[] {
  const [had, has] = [new Set(before), new Set(after)];
  return [...before.filter((line) => !has.has(line)), ...after.filter((line) => !had.has(line))];
}

/** Makes a trace of what a killed run left, and reads it. */
async function restore(output: string): Promise<void> {
  const restored = await tandem(['restore', output], { cwd: folder });
  expect([restored.status, restored.stderr]).toEqual([0, '']);
  expect(leftovers(output)).toEqual([]);
  const report = await run('trace-cmd', ['report', '-i', output], { cwd: folder });
  expect([report.status, report.stderr]).toEqual([0, '']);
}
