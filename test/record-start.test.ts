import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { common, recordedIn } from './support/recorded.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { type TraceCmd, withStock } from './support/stock-recorder.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';
import { until } from './support/until.ts';

/* Tracing that is switched on to stay, and files made of what is in the buffers. */

const unable = missing('root', 'tracefs');
const unableToCompare = missing('root', 'tracefs', 'unshare', 'trace-cmd 3.1');
const folder = temporaryFolder();
const { trace, kinds, metadata } = recordedIn(folder);
const TRACING = '/sys/kernel/tracing';
const INSTANCE = 'tandem-start-test';

const ours: TraceCmd = (...args) => tandem(args, { cwd: folder });
const succeeded = ({ status, stderr }: RunResult): void => expect([status, stderr]).toEqual([0, '']);

/** Runs a test while tracefs is its own, and looks that everything is as before in the end. */
async function cleanly(work: () => Promise<void>): Promise<void> {
  await withTracefs(async () => {
    const before = tracefsState();
    try {
      await work();
    } finally {
      succeeded(await ours('reset'));
    }
    expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
  });
}

describe('start, as trace-cmd start', () => {
  const examples: readonly (readonly string[])[] = [
    ['-e', 'sched:sched_switch', '-e', 'irq'],
    ['-e', 'sched_switch', '-f', 'next_prio < 100', '-R', 'stacktrace:5'],
    ['-C', 'mono', '-b', '500', '-O', 'nooverwrite', '-e', 'timer'],
    ['-P', '1', '-c', '-e', 'sched'],
    ['-p', 'nop', '-T', '-e', 'sched:sched_waking'],
    ['-v', '-e', '*stat*', '-e', 'irq'],
    ['-e', 'irq', '-B', INSTANCE, '-e', 'timer', '-C', 'boot'],
  ];

  test.for(examples.map((options) => ({ options, line: options.join(' ') })))('$line', async ({ options }, context) => {
    context.skip(unableToCompare !== undefined, unableToCompare);
    const instances = options.includes(INSTANCE) ? [INSTANCE] : [];
    const stock = await withTracefs(() =>
      withStock(instances, folder, async (traceCmd) => {
        expect((await traceCmd('start', ...options)).status).toBe(0);
        const state = tracefsState();
        const all = instances.length > 0 ? ['-a', '-t'] : [];
        await traceCmd('reset', ...all);
        return state;
      }),
    );
    await cleanly(async () => {
      succeeded(await ours('start', ...options));
      expect(tracefsState()).toEqual(stock);
    });
  });
});

describe('start by itself', () => {
  const on = (): string => readFileSync(join(TRACING, 'tracing_on'), 'utf8').trim();

  test('one start upon the other: reset undoes both', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      succeeded(await ours('start', '-e', 'sched', '-C', 'mono'));
      succeeded(await ours('start', '-e', 'irq', '-C', 'boot', '-B', INSTANCE, '-e', 'timer'));
      expect(readFileSync(join(TRACING, 'set_event'), 'utf8')).not.toContain('sched:');
      expect(existsSync(join(TRACING, 'instances', INSTANCE))).toBe(true);
    });
  });

  test('a recording in between leaves it as it was; reset waits until that is over', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      succeeded(await ours('start', '-e', 'sched:sched_switch'));
      const started = tracefsState();
      const untilTold = ['sh', '-c', 'touch begun; until [ -e enough ]; do sleep 0.05; done'];
      const recording = ours('record', '-q', '-o', 'between.dat', '-e', 'irq', ...untilTold);
      await until(() => existsSync(join(folder, 'begun')));
      const early = await ours('reset');
      writeFileSync(join(folder, 'enough'), '');
      succeeded(await recording);
      expect(early.status).toBe(2);
      expect(early.stderr).toMatch(/^tandem: what tandem start left stays: stop the recording first .*\n$/);
      expect(tracefsState()).toEqual(started);
    });
  });

  test('with a command it is on when that begins, and stays on; -F follows it', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      const command = ['sh', '-c', `cat ${TRACING}/tracing_on ${TRACING}/set_event_pid; echo $$; exit 3`];
      const { status, stdout } = await ours('start', '-F', '-e', 'sched', ...command);
      const [isOn, traced, pid] = stdout.toString().split('\n');
      expect([status, isOn]).toEqual([3, '1']);
      expect(traced).toBe(pid);
      expect(on()).toBe('1');
    });
  });

  test('--fork does not wait for the command', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      // Not its output: whoever reads that would wait for the command.
      succeeded(await ours('start', '--fork', '-e', 'sched', 'sh', '-c', 'echo $$ > pid; exec sleep 600 >&- 2>&-'));
      expect(on()).toBe('1');
      await until(() => existsSync(join(folder, 'pid')) && readFileSync(join(folder, 'pid'), 'utf8') !== '');
      process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')));
    });
  });

  test.for([
    { args: ['start', '-o', 'x.dat', '-e', 'sched'], says: 'did you mean record?' },
    { args: ['start', '-e', 'nosuchevent'], says: 'no such event' },
    { args: ['start'], says: 'no event and no tracer' },
    { args: ['start', '-e', 'sched', '-f', 'nosuch == 1'], says: 'Field not found' },
    { args: ['extract', 'ls'], says: 'did you mean record?' },
    { args: ['extract', '-B', 'nosuchinstance'], says: 'there is no such instance' },
    { args: ['extract', '-o', '/nosuch/x.dat'], says: '/nosuch/x.dat' },
  ])('$args: one clear line', async ({ args, says }, context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      const { status, stderr } = await ours(...args);
      expect(stderr).toMatch(/^tandem: .*\n$/);
      expect(stderr).toContain(says);
      expect(status).not.toBe(0);
    });
  });
});

describe('extract, as trace-cmd extract', () => {
  const BUSY = ['-c', 'for i in 1 2 3 4 5 6 7 8; do sleep 0.01; done'];

  const examples: readonly { start: readonly string[]; extract: readonly string[] }[] = [
    { start: ['-e', 'sched'], extract: [] },
    { start: ['-e', 'sched', '-C', 'mono'], extract: ['--compression', 'none'] },
    { start: ['-e', 'sched'], extract: ['--ts-offset', '500'] },
  ];

  /** What is in the buffers of a tracing that was started and stopped. */
  async function extracted(traceCmd: TraceCmd, file: string, { start, extract }: (typeof examples)[number]) {
    expect((await traceCmd('start', ...start)).status).toBe(0);
    await run('sh', BUSY);
    await traceCmd('stop');
    expect((await traceCmd('extract', '-o', file, ...extract)).status).toBe(0);
    return { kinds: await kinds(file), metadata: await metadata(file) };
  }

  test.for(examples.map((one) => ({ ...one, line: `${one.start.join(' ')}; extract ${one.extract.join(' ')}` })))(
    '$line',
    async (example, context) => {
      context.skip(unableToCompare !== undefined, unableToCompare);
      const stock = await withTracefs(() =>
        withStock([], folder, async (traceCmd) => {
          try {
            return await extracted(traceCmd, 'stock.dat', example);
          } finally {
            await traceCmd('reset');
          }
        }),
      );
      await cleanly(async () => {
        const our = await extracted(ours, 'ours.dat', example);
        expect(common(stock.kinds)).not.toEqual([]);
        expect([...our.kinds.keys()], 'our kinds of events').toEqual(expect.arrayContaining(common(stock.kinds)));
        expect([...stock.kinds.keys()], 'kinds of trace-cmd').toEqual(expect.arrayContaining(common(our.kinds)));
        expect(our.metadata).toEqual(stock.metadata);
      });
    },
  );

  // By events' names: functions of timers are called sched_... too. Its manual says so; the installed version takes the top buffer with it.
  test.for([
    { options: ['-B', INSTANCE], has: /: timer_start:/, lacks: /: sched_\w+:/ },
    { options: ['-a'], has: /: timer_start:/, lacks: /: sched_\w+:/ },
    { options: ['-a', '-t'], has: /: sched_\w+:.*: timer_start:|: timer_start:.*: sched_\w+:/s, lacks: /: irq_\w+:/ },
    { options: ['-t'], has: /: sched_\w+:/, lacks: /: timer_start:/ },
  ])('$options: those buffers, no others', async ({ options, has, lacks }, context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      succeeded(await ours('start', '-e', 'sched', '-B', INSTANCE, '-e', 'timer'));
      await run('sh', BUSY);
      succeeded(await ours('stop', '-a', '-t'));
      succeeded(await ours('extract', '-q', '-o', 'chosen.dat', ...options));
      const text = await trace('report', '-i', 'chosen.dat');
      expect(text).toMatch(has);
      expect(text).not.toMatch(lacks);
    });
  });

  test('takes what it reads, and changes no setting', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      succeeded(await ours('start', '-e', 'sched', 'sh', ...BUSY));
      succeeded(await ours('stop'));
      const before = tracefsState();
      succeeded(await ours('extract', '-q', '-o', 'first.dat', '--date'));
      succeeded(await ours('extract', '-q', '-o', 'second.dat'));
      expect(tracefsState()).toEqual(before);
      expect((await trace('report', '-i', 'first.dat')).split('\n').length).toBeGreaterThan(50);
      expect((await trace('report', '-i', 'second.dat')).split('\n').filter((line) => line.includes(': '))).toEqual([]);
    });
  });

  test('an instance of somebody else, as it is', async (context) => {
    context.skip(unable !== undefined, unable);
    await cleanly(async () => {
      const path = join(TRACING, 'instances', INSTANCE);
      mkdirSync(path);
      try {
        writeFileSync(join(path, 'trace_marker'), 'said by somebody else');
        const before = tracefsState();
        succeeded(await ours('extract', '-q', '-o', 'theirs.dat', '-B', INSTANCE));
        expect(tracefsState()).toEqual(before);
        expect(await trace('report', '-i', 'theirs.dat')).toContain('said by somebody else');
      } finally {
        rmdirSync(path);
      }
    });
  });

  test('-s, if the kernel has no snapshots', async (context) => {
    context.skip(unable !== undefined, unable);
    if (existsSync(join(TRACING, 'snapshot'))) return;
    const { status, stderr } = await ours('extract', '-s', '-o', 'snapshot.dat');
    expect(status).toBe(1);
    expect(stderr).toMatch(/^tandem: snapshot: this kernel has none.+\n$/);
  });
});
