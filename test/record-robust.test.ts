import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { recordedIn } from './support/recorded.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { journals, tracefsState, withTracefs } from './support/tracefs-state.ts';
import { until } from './support/until.ts';

/* What goes wrong while something is recorded, and what is rarely used. */

const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const { trace } = recordedIn(folder);
const TRACING = '/sys/kernel/tracing';
const COMMAND = resolve('dist/cli/main.js');
const SECOND_CPU = '/sys/devices/system/cpu/cpu1/online';

const ours = (...args: readonly string[]): Promise<RunResult> => tandem(args, { cwd: folder });
const report = async (file: string): Promise<string[]> => (await trace('report', '-i', file)).split('\n').slice(1, -1);

/** Runs a test while tracefs is its own, and looks that everything is as before in the end. */
async function cleanly(context: { skip(condition: boolean, note?: string): void }, work: () => Promise<void>) {
  context.skip(unable !== undefined, unable);
  await withTracefs(async () => {
    const before = tracefsState();
    try {
      await work();
    } finally {
      await ours('reset');
    }
    expect(tracefsState()).toEqual(before);
    expect(journals()).toEqual([]);
  });
}

describe('while it records', () => {
  test('a CPU goes offline and comes back', async (context) => {
    context.skip(!existsSync(SECOND_CPU), 'this machine has no second CPU that can be taken offline');
    await cleanly(context, async () => {
      const script = `sleep 0.3; echo 0 > ${SECOND_CPU}; sleep 0.3; echo 1 > ${SECOND_CPU}; sleep 0.3`;
      const { status, stderr } = await ours('record', '-q', '-o', 'offline.dat', '-e', 'sched', 'sh', '-c', script);
      expect(readFileSync(SECOND_CPU, 'utf8').trim()).toBe('1');
      expect([status, stderr]).toEqual([0, '']);
      const times = (await report('offline.dat'))
        .filter((line) => line.includes('[001]'))
        .map((line) => Number(/ (\d+\.\d+): /.exec(line)?.[1]));
      const gap = Math.max(...times.slice(1).map((time, index) => time - (times[index] as number)));
      expect(gap, 'seconds without the second CPU').toBeGreaterThan(0.2);
      expect(Math.max(...times) - Math.min(...times), 'seconds from its first to its last event').toBeGreaterThan(0.6);
    });
  });

  test('its own threads are not in the trace, but for others that they wake or switch to', async (context) => {
    await cleanly(context, async () => {
      const count = async (...options: string[]): Promise<number> => {
        const args = [COMMAND, 'record', '-q', '-o', 'own.dat', ...options, '-e', 'raw_syscalls', 'sleep', '1'];
        const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
        const ended = once(child, 'exit');
        const threads = new Set<string>();
        const look = setInterval(() => {
          const tasks = `/proc/${child.pid}/task`;
          if (existsSync(tasks)) for (const thread of readdirSync(tasks)) threads.add(thread);
        }, 5);
        await ended;
        clearInterval(look);
        return (await report('own.dat')).filter((line) => threads.has(/^.{16}-(\d+) /.exec(line)?.[1] ?? '')).length;
      };
      expect(await count('--no-filter')).toBeGreaterThan(100);
      expect(await count()).toBe(0);
    });
  });

  test('two runs that find the same killed one: both record, and everything is put back', async (context) => {
    await cleanly(context, async () => {
      const args = [COMMAND, 'record', '-o', 'dead.dat', '-e', 'sched', '-B', 'tandem-dead', '-e', 'irq', 'sleep', '5'];
      const child = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
      const ended = once(child, 'exit');
      await until(() => existsSync(join(folder, 'dead.dat.meta')));
      child.kill('SIGKILL');
      await ended;
      expect(journals()).not.toEqual([]);
      const runs = ['one', 'two'].map((name) =>
        ours('record', '-q', '-o', `${name}.dat`, '-B', `tandem-${name}`, '-e', 'sched', 'sleep', '0.3'),
      );
      for (const { status, stderr } of await Promise.all(runs)) expect([status, stderr]).toEqual([0, '']);
      for (const name of ['one', 'two']) expect((await report(`${name}.dat`)).length).toBeGreaterThan(0);
      expect((await ours('restore', 'dead.dat')).status).toBe(0);
    });
  });

  test('another recording of the same buffer is refused, one of another buffer is not', async (context) => {
    await cleanly(context, async () => {
      const args = [COMMAND, 'record', '-q', '-o', 'first.dat', '-e', 'sched'];
      const first = spawn(process.execPath, args, { cwd: folder, stdio: 'ignore' });
      const ended = once(first, 'exit');
      await until(() => existsSync(join(folder, 'first.dat.cpu0')));
      for (const command of [['record', '-o', 'x.dat'], ['start'], ['record', '-K', '-o', 'x.dat']]) {
        const { status, stderr } = await ours(...command, '-e', 'irq', 'true');
        expect(status).toBe(2);
        expect(stderr).toMatch(/^tandem: top buffer: tandem is recording it already \(pid \d+\); .*-B NAME\n$/);
      }
      const other = await ours('record', '-q', '-o', 'other.dat', '-B', 'tandem-other', '-e', 'sched', 'true');
      expect([other.status, other.stderr]).toEqual([0, '']);
      first.kill('SIGINT');
      expect(await ended).toEqual([0, null]);
      expect((await report('first.dat')).length).toBeGreaterThan(0);
    });
  });

  test('what is not restored is not written over', async (context) => {
    await cleanly(context, async () => {
      const args = ['record', '-o', 'again.dat', '-e', 'sched', 'sleep', '0.1'];
      const child = spawn(process.execPath, [COMMAND, ...args], { cwd: folder, stdio: 'ignore' });
      const ended = once(child, 'exit');
      await until(() => existsSync(join(folder, 'again.dat.cpu1')));
      child.kill('SIGKILL');
      await ended;
      expect((await ours('reset')).status).toBe(0);
      const refused = await ours(...args);
      expect(refused.status).toBe(255);
      expect(refused.stderr).toMatch(/^tandem: again.dat.cpu[01]: .*tandem restore again.dat.meta.*\n$/);
      expect((await ours('restore', 'again.dat')).status).toBe(0);
      await report('again.dat');
      expect((await ours(...args)).status).toBe(0);
    });
  });
});

describe('in the background', () => {
  test('--daemonize returns when it records; SIGINT ends it', async (context) => {
    await cleanly(context, async () => {
      // Into files: whoever reads its pipes waits for the daemon, which has them as well.
      const words = [process.execPath, COMMAND, 'record', '--daemonize', '-o', 'daemon.dat', '-e', 'sched'];
      const { status } = await run('sh', ['-c', 'exec "$@" > said 2> warned', 'sh', ...words], { cwd: folder });
      const [stdout, stderr] = ['said', 'warned'].map((name) => readFileSync(join(folder, name), 'utf8'));
      expect([status, stderr]).toEqual([0, '']);
      const pid = Number(/pid (\d+) to stop/.exec(stdout as string)?.[1]);
      const [pidFile, isOn] = ['/run/tandem-record.pid', join(TRACING, 'tracing_on')].map((path) =>
        readFileSync(path, 'utf8').trim(),
      );
      await run('sh', ['-c', 'for i in 1 2 3 4 5; do sleep 0.01; done']);
      process.kill(pid, 'SIGINT');
      expect([pidFile, isOn]).toEqual([String(pid), '1']);
      await until(() => !existsSync(`/proc/${pid}`));
      expect(existsSync('/run/tandem-record.pid')).toBe(false);
      expect((await report('daemon.dat')).length).toBeGreaterThan(10);
    });
  });

  test('what fails before it records is told, with its status', async (context) => {
    await cleanly(context, async () => {
      const { status, stderr } = await ours('record', '--daemonize', '-o', 'never.dat', '-e', 'nosuchevent');
      expect(status).toBe(255);
      expect(stderr).toMatch(/^tandem: -e nosuchevent: .*\n$/);
    });
  });
});

test('-K records what is on already, and leaves it so', async (context) => {
  await cleanly(context, async () => {
    expect((await ours('start', '-e', 'irq', '-e', 'timer')).status).toBe(0);
    const enabled = readFileSync(join(TRACING, 'set_event'), 'utf8');
    writeFileSync(join(TRACING, 'trace_marker'), 'from before');
    expect(await ours('record', '-q', '-K', '-o', 'keep.dat', 'sleep', '0.2')).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(join(TRACING, 'set_event'), 'utf8')).toBe(enabled);
    expect(readFileSync(join(TRACING, 'tracing_on'), 'utf8').trim()).toBe('0');
    const text = (await report('keep.dat')).join('\n');
    expect(text).toContain('from before');
    expect(text).toMatch(/timer_start/);
  });
});

describe('one clear line', () => {
  const has = (tracer: string): boolean =>
    readFileSync(join(TRACING, 'available_tracers'), 'utf8').split(/\s+/).includes(tracer);

  test('for a latency tracer that the kernel lacks', async (context) => {
    context.skip(unable !== undefined || has('wakeup'), unable ?? 'this kernel has latency tracers');
    await cleanly(context, async () => {
      const { status, stderr } = await ours('record', '-p', 'wakeup', 'true');
      expect(status).toBe(1);
      expect(stderr).toMatch(/^tandem: -p wakeup: this kernel was built without this latency tracer; it has .*\n$/);
    });
  });

  test('for a function tracer that is forbidden or not there; else it records', async (context) => {
    await cleanly(context, async () => {
      const options = ['-l', 'schedule', '-n', 'schedule_timeout', '-p', 'function'];
      const { status, stderr } = await ours('record', '-q', '-o', 'function.dat', ...options, 'sleep', '0.1');
      if (status === 0) expect((await report('function.dat')).join('\n')).toMatch(/function: +schedule/);
      else expect(stderr).toMatch(/^tandem: (function tracer: this kernel forbids it|.* this kernel).*\n$/);
    });
  });

  test('for an output that is a folder, or on a file system that can not be written', async (context) => {
    await cleanly(context, async () => {
      const frozen = join(folder, 'frozen');
      mkdirSync(frozen);
      expect((await run('mount', ['-t', 'tmpfs', '-o', 'ro', 'tmpfs', frozen])).status).toBe(0);
      try {
        const readOnly = await ours('record', '-o', 'frozen/x.dat', '-e', 'sched', 'true');
        expect(readOnly.status).toBe(2);
        expect(readOnly.stderr).toMatch(/^tandem: frozen\/x.dat: can not be written \(EROFS\).*\n$/);
        const temp = await ours('record', '--temp', 'frozen', '-o', 'x.dat', '-e', 'sched', 'true');
        expect(temp.stderr).toMatch(/^tandem: frozen\/x.dat.meta: can not be written \(EROFS\).*\n$/);
      } finally {
        await run('umount', [frozen]);
      }
      const isFolder = await ours('record', '-o', 'frozen', '-e', 'sched', 'true');
      expect(isFolder.stderr).toMatch(/^tandem: frozen: is a folder.*\n$/);
    });
  });

  test('for a command that can not be executed', async (context) => {
    await cleanly(context, async () => {
      writeFileSync(join(folder, 'plain'), 'text');
      const { status, stderr } = await ours('record', '-o', 'x.dat', '-e', 'sched', './plain');
      expect(status).toBe(255);
      expect(stderr).toMatch(/^tandem: \.\/plain: can not be executed.*\n$/);
      // It looks like a program: what is wrong is seen when it is started, and the recording is made all the same.
      writeFileSync(join(folder, 'broken'), '#!/no/such/interpreter\n');
      chmodSync(join(folder, 'broken'), 0o755);
      const broken = await ours('record', '-q', '-o', 'broken.dat', '-e', 'sched', './broken');
      expect([126, 127]).toContain(broken.status);
      await report('broken.dat');
    });
  });
});

/*
 * A kernel with latency tracers is not at hand everywhere: files that cover those of tracefs, for both programs alike,
 * say that there is one, and the traced command writes what it would have found.
 */
describe('a latency tracer', () => {
  const unableToCompare = missing('root', 'tracefs', 'unshare', 'trace-cmd 3.1');
  const TEXT = join(folder, 'latency.txt');
  const CONTENT = `# tracer: wakeup\n#\n# latency: 57 us\n${'  bash-1 1d.h. 0us : try_to_wake_up\n'.repeat(3000)}`;

  async function inCovers(command: readonly string[]): Promise<RunResult> {
    const covers: Record<string, string> = {
      available_tracers: 'wakeup nop\n',
      current_tracer: 'nop\n',
      trace: '',
      ...{ set_ftrace_filter: '', set_ftrace_notrace: '', set_ftrace_pid: '', set_ftrace_notrace_pid: '' },
    };
    const mounts = Object.entries({ ...covers, ftrace_enabled: '1\n' }).map(([name, content]) => {
      const path = name === 'ftrace_enabled' ? '/proc/sys/kernel/ftrace_enabled' : join(TRACING, name);
      if (!existsSync(path)) return '';
      const cover = join(folder, `latency-${name}`);
      writeFileSync(cover, content);
      return `mount --bind '${cover}' '${path}' && `;
    });
    const shell = ['sh', '-c', `${mounts.join('')}exec "$@"`, 'sh'];
    return run('unshare', ['-m', '--propagation', 'private', ...shell, ...command], { cwd: folder });
  }

  test.for([
    ['--file-version', '7'],
    ['--file-version', '7', '--compression', 'none'],
    ['--file-version', '6'],
  ])('%s: the same file as trace-cmd', async (options, context) => {
    context.skip(unableToCompare !== undefined, unableToCompare);
    await cleanly(context, async () => {
      writeFileSync(TEXT, CONTENT);
      const traced = ['-p', 'wakeup', ...options, 'sh', '-c', `cat ${TEXT} > ${TRACING}/trace`];
      const stock = await inCovers(['trace-cmd', 'record', '-o', 'stock.dat', ...traced]);
      expect(stock.status, stock.stderr).toBe(0);
      const our = await inCovers([process.execPath, COMMAND, 'record', '-q', '-o', 'ours.dat', ...traced]);
      expect([our.status, our.stderr]).toEqual([0, '']);
      const [said, expected] = await Promise.all(['ours.dat', 'stock.dat'].map((file) => trace('report', '-i', file)));
      expect(expected).toContain('latency: 57 us');
      expect(said).toBe(expected);
      const dump = async (file: string): Promise<string> =>
        (await trace('dump', '--summary', '--options', '-i', file)).replace(
          /@ \d+|in file .*|\d+ bytes|^\d+( \[offset\])?$/gm,
          '',
        );
      expect(await dump('ours.dat')).toBe(await dump('stock.dat'));
      const { stdout } = await ours('report', '-i', 'ours.dat');
      expect(stdout.toString()).toContain('latency: 57 us');
    });
  });

  test('extract -p takes the text that is there', async (context) => {
    context.skip(unableToCompare !== undefined, unableToCompare);
    await cleanly(context, async () => {
      writeFileSync(TEXT, CONTENT);
      const extract = `cat ${TEXT} > ${TRACING}/trace; exec ${process.execPath} ${COMMAND} extract -q -p wakeup -o found.dat`;
      const { status, stderr } = await inCovers(['sh', '-c', extract]);
      expect([status, stderr]).toEqual([0, '']);
      expect(await trace('report', '-i', 'found.dat')).toContain('latency: 57 us');
    });
  });

  test('goes with no other buffer', async () => {
    const { status, stderr } = await ours('record', '-p', 'irqsoff', '-B', 'other', '-e', 'sched', 'true');
    expect(status).toBe(255);
    expect(stderr).toMatch(/^tandem: -p irqsoff: a latency tracer's recording has .*\n$/);
  });
});
