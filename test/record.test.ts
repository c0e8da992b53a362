import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { common, recordedIn } from './support/recorded.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { hiding, stockRecord } from './support/stock-recorder.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';

/*
 * Recordings of the same workload by `tandem record` and by the installed `trace-cmd record`, and what the installed
 * trace-cmd finds in both.
 */
const unable = missing('root', 'tracefs');
const unableToCompare = missing('root', 'tracefs', 'unshare', 'trace-cmd 3.1');
const folder = temporaryFolder();
// On the first CPU, so that recordings of that CPU alone have its events too.
const WORKLOAD = ['taskset', '-c', '0', 'sh', '-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 0.01; done'];

const record = (args: readonly string[]): Promise<RunResult> =>
  withTracefs(() => tandem(['record', '-q', ...args], { cwd: folder }));

const { trace, kinds, metadata } = recordedIn(folder);

describe('as trace-cmd records it', () => {
  const examples: readonly (readonly string[])[] = [
    ['-e', 'sched:sched_switch', '-e', 'sched_waking'],
    ['-e', 'sched', '-v', '-e', '*stat*', '-e', 'sched_migrate_task'],
    ['-e', 'sched_switch', '-f', 'next_pid == 0', '-f', 'prev_prio > 0'],
    ['-e', 'sched:sched_switch', '-R', 'stacktrace:5'],
    ['-T', '-e', 'sched:sched_switch'],
    ['-e', 'sched*', '-e', 'timer'],
    ['-C', 'mono', '-e', 'sched'],
    ['-C', 'x86-tsc', '-e', 'sched'],
    ['-e', 'sched', '-B', 'tandem-one', '-e', 'timer', '-B', 'tandem-two', '-e', 'irq', '-C', 'boot'],
    ['-B', 'tandem-one', '-e', 'timer', '-b', '200'],
    ['--file-version', '6', '-e', 'sched', '-B', 'tandem-one', '-e', 'timer'],
    ['--file-version', '6', '-e', 'sched'],
    ['--compression', 'none', '-e', 'sched', '-b', '500'],
    ['-F', '-e', 'sched', '-e', 'raw_syscalls'],
    ['-F', '-c', '-e', 'sched', '-e', 'raw_syscalls'],
    ['-a', '-e', 'sched:sched_switch'],
    ['-i', '-e', 'nosuchevent', '-e', 'sched'],
    ['-p', 'nop', '-e', 'sched'],
    ['-O', 'nosym-addr', '-e', 'sched', '-s', '2000'],
    ['--date', '-e', 'sched'],
    ['--ts-offset', '-500', '-e', 'sched'],
    ['-H', 'sched_waking,pid/sched_switch,next_pid,pid'],
    ['--cmdlines-size', '256', '-e', 'sched'],
    ['--proc-map', '-e', 'timer'],
    ['-P', String(process.pid), '-e', 'sched', '-e', 'raw_syscalls'],
    ['-P', String(process.pid), '-c', '-e', 'sched'],
    ['-M', '1', '-e', 'sched'],
    ['-m', '1000', '-e', 'sched'],
    ['-d', '-e', 'sched'],
    ['-t', '-r', '2', '-e', 'sched'],
    ['--no-filter', '-e', 'sched'],
    ['--user', 'nobody', '-e', 'sched'],
    ['-q', '-e', 'sched'],
  ];

  test.for(examples.map((options) => ({ options, line: options.join(' ') })))('$line', async ({ options }, context) => {
    context.skip(unableToCompare !== undefined, unableToCompare);
    const stock = await stockRecord(['-o', 'stock.dat', ...options, ...WORKLOAD], folder);
    expect(stock.status, stock.stderr).toBe(0);
    const ours = await record(['-o', 'ours.dat', ...options, ...WORKLOAD]);
    expect([ours.status, ours.stderr]).toEqual([0, '']);
    const [stockKinds, ourKinds] = [await kinds('stock.dat'), await kinds('ours.dat')];
    expect([...ourKinds.keys()], 'our kinds of events').toEqual(expect.arrayContaining(common(stockKinds)));
    expect([...stockKinds.keys()], 'kinds of trace-cmd').toEqual(expect.arrayContaining(common(ourKinds)));
    expect(await metadata('ours.dat')).toEqual(await metadata('stock.dat'));
  });
});

test.for([
  ['-C', 'tsc2nsec'],
  ['--max-graph-depth', '3'],
])('%s as trace-cmd, or refused where the kernel has it not', async (options, context) => {
  context.skip(unableToCompare !== undefined, unableToCompare);
  const stock = await stockRecord(['-o', 'stock.dat', ...options, '-e', 'sched', ...WORKLOAD], folder);
  const ours = await record(['-o', 'ours.dat', ...options, '-e', 'sched', ...WORKLOAD]);
  expect(ours.status === 0, `trace-cmd: ${stock.stderr}; tandem: ${ours.stderr}`).toBe(stock.status === 0);
  if (stock.status === 0) expect(await metadata('ours.dat')).toEqual(await metadata('stock.dat'));
  else expect([ours.status, ours.stderr]).toEqual([1, expect.stringMatching(/^tandem: .*this kernel.*\n$/)]);
});

test('-D, where both believe that functions may be switched off, as trace-cmd records it', async (context) => {
  context.skip(unableToCompare !== undefined, unableToCompare);
  const options = ['-D', '-e', 'sched', ...WORKLOAD];
  const stock = await stockRecord(['-o', 'stock.dat', ...options], folder);
  expect(stock.status, stock.stderr).toBe(0);
  const words = [process.execPath, resolve('dist/cli/main.js'), 'record', '-q', '-o', 'ours.dat', ...options];
  const hidden = ['-m', '--propagation', 'private', ...hiding(['/sys/kernel/tracing'], folder)];
  const ours = await withTracefs(() => run('unshare', [...hidden, ...words], { cwd: folder }));
  expect([ours.status, ours.stderr]).toEqual([0, '']);
  expect([...(await kinds('ours.dat')).keys()]).toEqual(expect.arrayContaining(common(await kinds('stock.dat'))));
  expect(await metadata('ours.dat')).toEqual(await metadata('stock.dat'));
});

describe('by itself', () => {
  const needs = (context: { skip(condition: boolean, note?: string): void }): void =>
    context.skip(unable !== undefined, unable);
  const lines = async (file: string): Promise<string[]> => (await trace('report', '-i', file)).split('\n').slice(1, -1);

  test('everything that was there before is there again afterwards', async (context) => {
    needs(context);
    await withTracefs(async () => {
      const theirs = '/sys/kernel/tracing/instances/tandem-theirs';
      mkdirSync(theirs);
      try {
        const set = (file: string, value: string) => writeFileSync(join(theirs, file), value);
        set('events/irq/enable', '1');
        set('events/sched/sched_switch/filter', 'next_pid > 1');
        set('events/timer/timer_start/trigger', 'stacktrace');
        set('trace_clock', 'boot');
        set('tracing_on', '0');
        set('per_cpu/cpu0/buffer_size_kb', '300');
        const before = tracefsState();
        const events = ['-e', 'sched', '-f', 'prev_prio < 200', '-R', 'traceoff:9', '-e', 'timer'];
        const buffer = ['-B', 'tandem-theirs', '-C', 'mono', '-b', '64', '-M', '1', '-T', ...events];
        const { status, stderr } = await tandem(['record', '-q', '-o', 'theirs.dat', ...buffer, 'true'], {
          cwd: folder,
        });
        expect([status, stderr]).toEqual([0, '']);
        expect(tracefsState()).toEqual(before);
        expect(journals()).toEqual([]);
      } finally {
        rmdirSync(theirs);
      }
    });
  });

  test('a command is recorded from its first moment to its last, and its exit status handed on', async (context) => {
    needs(context);
    const { status } = await record(['-o', 'f.dat', '-F', '-e', 'sched', '-e', 'syscalls', 'sh', '-c', 'exit 7']);
    expect(status).toBe(7);
    const text = (await lines('f.dat')).join('\n');
    expect(text).toMatch(/sched_process_exec: +filename=\S*sh /);
    expect(text).toMatch(/sys_enter_exit_group: +error_code: 0x00000007/);
    expect(text).toMatch(/sched_process_exit/);
  });

  test('-M records one CPU only, -m keeps the end', async (context) => {
    needs(context);
    await record(['-o', 'm.dat', '-M', '1', '-e', 'sched', ...WORKLOAD]);
    expect((await lines('m.dat')).filter((line) => !line.includes('[000]'))).toEqual([]);
    const busy = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=100000', 'status=none'];
    expect((await record(['-o', 'limit.dat', '-m', '64', '-F', '-e', 'raw_syscalls', ...busy])).status).toBe(0);
    const kept = await lines('limit.dat');
    expect(kept.length).toBeLessThan(10_000);
    expect(kept.at(-1)).toMatch(/sys_enter: +NR 231/);
  });

  test('--date gives the time of day', async (context) => {
    needs(context);
    const before = Date.now() / 1000;
    await record(['-o', 'date.dat', '--date', '-C', 'mono', '-e', 'sched', 'sleep', '0.1']);
    const [first] = await lines('date.dat');
    const seconds = Number(/ (\d+\.\d+): /.exec(first ?? '')?.[1]);
    expect(seconds).toBeGreaterThan(before);
    expect(seconds).toBeLessThan(Date.now() / 1000);
  });

  test.for([
    ['--compression', 'zlib'],
    ['--subbuf-size', '8'],
    ['--poll'],
    ['-s', '0'],
    ['-r', '3'],
    ['--user', 'nobody'],
  ])('%s', async (options, context) => {
    needs(context);
    const args = ['record', '-q', '-o', 'o.dat', ...options, '-e', 'sched', ...WORKLOAD];
    await withTracefs(async () => {
      const before = tracefsState();
      const { status, stderr } = await tandem(args, { cwd: folder });
      expect([status, stderr]).toEqual([0, '']);
      expect(tracefsState()).toEqual(before);
    });
    const { stdout } = await tandem(['report', '-i', 'o.dat'], { cwd: folder });
    expect(stdout.toString()).toMatch(/sleep-\d+ .* sched_process_exit/);
  });

  test.for([
    { args: ['-e', 'sched_swich', 'true'], status: 255, says: 'did you mean sched_switch?' },
    { args: ['-e', 'sched', '-f', 'nosuch == 1', 'true'], status: 255, says: 'Field not found' },
    { args: ['-e', 'sched', '-R', 'nosuch', 'true'], status: 255, says: "-R 'nosuch'" },
    { args: ['-e', 'sched', '-C', 'nosuch', 'true'], status: 255, says: 'it has local, global' },
    { args: ['-e', 'sched', '-O', 'stacktrce', 'true'], status: 255, says: 'did you mean stacktrace' },
    { args: ['-p', 'nosuch', 'true'], status: 255, says: 'no such tracer' },
    { args: ['-e', 'sched', '--user', 'nosuchuser', 'true'], status: 255, says: 'no such user' },
    { args: ['-e', 'sched', 'no-such-command'], status: 255, says: 'no such command' },
    { args: ['-e', 'sched', '-o', '/nosuch/x.dat', 'true'], status: 2, says: '/nosuch/x.dat' },
    { args: ['-e', 'sched', '--temp', '/nosuch', 'true'], status: 2, says: '/nosuch' },
    { args: ['true'], status: 255, says: 'no event and no tracer' },
    { args: ['-f', 'x', '-e', 'sched', 'true'], status: 255, says: 'without an event' },
    { args: ['-c', '-e', 'sched', 'true'], status: 255, says: '-F or -P' },
    { args: ['--date', '--ts-offset', '1', '-e', 'sched', 'true'], status: 255, says: 'together' },
  ])('$args: one clear line', async ({ args, status, says }, context) => {
    needs(context);
    const result = await record(args);
    expect(result.stderr).toMatch(/^tandem: .*\n$/);
    expect(result.stderr).toContain(says);
    expect(result.status).toBe(status);
    expect(journals()).toEqual([]);
    expect(readdirSync(folder).filter((name) => /\.(cpu\d+|meta)$/.test(name))).toEqual([]);
  });

  test('a disk that is full: what was captured is kept, and can be restored elsewhere', async (context) => {
    needs(context);
    const small = join(folder, 'small');
    mkdirSync(small);
    expect((await run('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', small])).status).toBe(0);
    try {
      const busy = ['dd', 'if=/dev/zero', 'of=/dev/null', 'bs=1', 'count=400000', 'status=none'];
      const output = join(small, 'full.dat');
      const full = await record(['-o', output, '--compression', 'none', '-e', 'raw_syscalls', ...busy]);
      expect(full.status).toBe(2);
      expect(full.stderr).toContain('the disk is full');
      expect(full.stderr).toContain('tandem restore');
      const restored = await tandem(['restore', output, '-o', join(folder, 'restored.dat')]);
      expect([restored.status, restored.stderr]).toEqual([0, '']);
      expect((await lines('restored.dat')).length).toBeGreaterThan(10_000);
    } finally {
      await run('umount', [small]);
    }
  });

  test('Ctrl-C ends a recording without a command', async (context) => {
    needs(context);
    await withTracefs(async () => {
      const args = ['record', '-o', join(folder, 'int.dat'), '-e', 'sched'];
      const child = spawn(process.execPath, ['dist/cli/main.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
      const ended = once(child, 'exit');
      await once(child.stdout, 'data');
      child.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
    });
    expect(existsSync(join(folder, 'int.dat'))).toBe(true);
    expect((await lines('int.dat')).length).toBeGreaterThan(0);
  });
});
