import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chosenBuffers } from '../src/cli/instances.ts';
import { openTracefs } from '../src/kernel/tracefs.ts';
import { missing } from './support/capabilities.ts';
import { type RunResult, run, tandem } from './support/run.ts';
import { expectSameText } from './support/same-text.ts';
import { temporaryFolder } from './support/temp-folder.ts';
import { lockTracefs } from './support/tracefs-state.ts';

/* The commands that look at the kernel's tracing, or switch it, beside the installed trace-cmd. */

const TRACING = '/sys/kernel/tracing';
const NAME = `tandem-test-${process.pid}`;
const INSTANCE = join(TRACING, 'instances', NAME);
const TRIES = 5;
const COMMAND = ['node', 'dist/cli/main.js'];
const unableToCompare = missing('root', 'tracefs', 'trace-cmd');
const unable = missing('root', 'tracefs');
const scratch = temporaryFolder();

const control = (...parts: string[]): string => readFileSync(join(INSTANCE, ...parts), 'utf8').trim();
const set = (value: string, ...parts: string[]): void => writeFileSync(join(INSTANCE, ...parts), value);
const enable = (system: string, event = ''): void => set('1', 'events', system, event, 'enable');

/** Tracefs is one for the whole machine: the lock on it is held until the last test is over. */
let free = async () => {};
beforeAll(async () => {
  if (unable) return;
  free = await lockTracefs();
  mkdirSync(INSTANCE);
  makeUnusual();
});
afterAll(async () => {
  if (existsSync(INSTANCE)) rmdirSync(INSTANCE);
  await free();
});

/** Makes much of the instance differ from how the kernel makes it. */
function makeUnusual(): void {
  enable('sched');
  enable('irq', 'irq_handler_entry');
  enable('timer');
  set('0', 'events/timer/timer_start/enable');
  set('next_prio < 100', 'events/sched/sched_switch/filter');
  set('pid > 1 && comm ~ "ba*"', 'events/sched/sched_waking/filter');
  set('stacktrace:3', 'events/sched/sched_switch/trigger');
  set('traceoff:1 if next_pid == 99999999', 'events/sched/sched_switch/trigger');
  set('traceon if pid == 1', 'events/sched/sched_waking/trigger');
  set('mono', 'trace_clock');
  set('1', 'tracing_cpumask');
  set('1000', 'per_cpu/cpu0/buffer_size_kb');
  set(String(process.pid), 'set_event_pid');
  set('2', 'set_event_notrace_pid');
  set('0', 'options/overwrite');
  set('0', 'tracing_on');
}

/** Command lines for `test.each`. */
const titled = (lines: readonly (readonly string[])[]) => lines.map((args) => ({ title: args.join(' '), args }));

/** Runs both; the kernel's state is everybody's, so that a text counts only when trace-cmd says it twice. */
async function expectSame(args: readonly string[], wrapper: readonly string[] = []): Promise<string> {
  const stock = () => wrapped(wrapper, ['trace-cmd', ...args]);
  for (let tries = 0; tries < TRIES; tries++) {
    const before = await stock();
    const ours = await wrapped(wrapper, [...COMMAND, ...args]);
    const after = await stock();
    if (!before.stdout.equals(after.stdout)) continue;
    expectSameText(ours.stdout, after.stdout, args.join(' '));
    expect(ours).toMatchObject({ status: 0, stderr: '' });
    return ours.stdout.toString();
  }
  throw new Error(`trace-cmd ${args.join(' ')} says something else each time`);
}

function wrapped(wrapper: readonly string[], command: readonly string[]): Promise<RunResult> {
  const [program, ...args] = [...wrapper, ...command] as [string, ...string[]];
  return run(program, args);
}

describe.skipIf(unableToCompare)('the same text as trace-cmd', () => {
  test.each(
    titled([
      ['list', '-e'],
      ['list', '-e', ''],
      ['list', '-e', 'sched'],
      ['list', '-e', 'SCHED_S'],
      ['list', '-e', 'sched:sched_w.*g$'],
      ['list', '-e', 'sched:'],
      ['list', '-e', '\\(sched\\|irq\\)_.*e$'],
      ['list', '-e', ':sched'],
      ['list', '-e', 'func'],
      ['list', '-e', 'no such event'],
      ['list', '-e', 'sched', '-F'],
      ['list', '-F', '--full', '-e', 'sched_switch'],
      ['list', '-e', 'sched:', '-l'],
      ['list', '-e', 'sched:', '-R'],
      ['list', '-t'],
      ['list', '-p'],
      ['list', '-o'],
      ['list', '-s'],
      ['list', '-C'],
      ['list', '-B'],
      ['list', '-s', '-t', '-C', '-e', 'irq'],
    ]),
  )('$title', async ({ args }) => {
    await expectSame(args);
  });

  test('stat of an instance shows all that is set', async () => {
    const text = await expectSame(['stat', '-B', NAME]);
    const titles = [
      `Instance: ${NAME}`,
      'Individual systems:\n   sched\n',
      'Individual events:',
      'Filters:',
      'Triggers:',
    ];
    titles.push('CPU 0 buffer size', 'Clock: mono', 'Filtered event PIDs:', 'Tracing is disabled');
    for (const title of titles) expect(text).toContain(title);
  });

  test.each(
    titled([
      ['stat', '-o', '-B', NAME],
      ['stat'],
      ['stat', '-t', '-B', NAME],
      ['show', '-B', NAME],
      ['show', '-B', NAME, '-c', '0', '-f'],
      ['show', '-B', NAME, '--tracing_on', '--cpumask', '--buffer_total_size', '--current_tracer'],
      ['show', '-B', NAME, '--current_tracer', '--tracing_on'],
    ]),
  )('$title', async ({ args }) => {
    await expectSame(args);
  });
});

describe.skipIf(unableToCompare ?? missing('unshare'))('what this kernel may forbid or lack', () => {
  const cover = (file: string, content: string): string => {
    const path = join(scratch, file);
    writeFileSync(path, content);
    return `mount --bind '${path}' '${TRACING}/${file}' && `;
  };

  test('functions and probes, in files that cover those of the kernel', async () => {
    const covers = [
      cover('available_filter_functions', 'schedule\n__schedule\nusb_open [usbcore]\n'),
      cover('set_ftrace_filter', '#### all functions enabled ####\nschedule\n\nvfs_read:unlimited\n'),
      cover('set_ftrace_notrace', 'usb_open\n'),
      cover('set_ftrace_pid', '12\n34\n'),
      cover('uprobe_events', 'p:uprobes/one /bin/sh:0x100\np:uprobes/two /bin/sh:0x200\n'),
    ];
    const inOwnMounts = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', `${covers.join('')}exec "$@"`, 'sh'];
    const text = await expectSame(['stat'], inOwnMounts);
    for (const title of [
      'Function Filter:',
      'Function No Trace:',
      'Uprobe events:',
      'Filtered function tracer PIDs:',
    ]) {
      expect(text).toContain(title);
    }
    await expectSame(['list', '-f'], inOwnMounts);
    expect(await expectSame(['list', '-f', 'chedul'], inOwnMounts)).toBe('schedule\n__schedule\n');
    await expectSame(['show', '--ftrace_filter', '--ftrace_pid'], inOwnMounts);
  });

  test('where tracefs is not mounted it is mounted', async () => {
    const script = `umount ${TRACING} && exec "$@"`;
    const unmounted = ['unshare', '-m', '--propagation', 'private', 'sh', '-c', script, 'sh'];
    const { status, stdout } = await wrapped(unmounted, [...COMMAND, 'list', '-t']);
    expect(status).toBe(0);
    expect(stdout.toString()).toBe(readFileSync(join(TRACING, 'available_tracers'), 'utf8'));
  });
});

describe.skipIf(unable)('what changes the kernel changes only what is named', () => {
  const isOn = () => control('tracing_on') === '1';
  /** A CPU that the mask leaves out takes no markers. */
  beforeAll(() => set(readFileSync(join(TRACING, 'tracing_cpumask'), 'utf8'), 'tracing_cpumask'));

  test('restart, stop and clear of an instance', async () => {
    const top = () => readFileSync(join(TRACING, 'tracing_on'), 'utf8');
    const before = top();
    expect(await tandem(['restart', '-B', NAME])).toMatchObject({ status: 0, stderr: '' });
    expect(isOn()).toBe(true);
    set('lines', 'trace_marker');
    expect(await tandem(['stop', '-B', NAME])).toMatchObject({ status: 0, stderr: '' });
    expect(isOn()).toBe(false);
    expect(top()).toBe(before);
    expect(control('trace')).toContain('lines');
    expect(await tandem(['clear', '-B', NAME])).toMatchObject({ status: 0, stderr: '' });
    expect(control('trace')).not.toContain('lines');
    expect(isOn()).toBe(false);
  });

  test('show -p consumes what it shows', async () => {
    set('1', 'tracing_on');
    for (const word of ['first', 'second']) set(word, 'trace_marker');
    set('0', 'tracing_on');
    const shown = (await tandem(['show', '-B', NAME])).stdout.toString();
    const consumed = (await tandem(['show', '-p', '-B', NAME])).stdout.toString();
    expect(consumed).toMatch(/first.*\n.*second/s);
    expect(shown.endsWith(consumed)).toBe(true);
    expect(control('trace')).not.toContain('first');
  });

  test('the top buffer is meant where none is named, and with -t', () => {
    const tracefs = openTracefs();
    const names = (switches: object) => chosenBuffers(tracefs, switches).map(({ name }) => name);
    expect(names({})).toEqual(['']);
    expect(names({ B: [NAME] })).toEqual([NAME]);
    expect(names({ B: [NAME], t: true })).toEqual(['', NAME]);
    expect(names({ a: true })).toContain(NAME);
    expect(names({ a: true })).not.toContain('');
    expect(names({ a: true, t: true })[0]).toBe('');
  });

  test.each(['stop', 'restart', 'clear', 'stat', 'show'])('%s of an instance that is not there', async (command) => {
    const { status, stdout, stderr } = await tandem([command, '-B', 'not-there']);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: 255, stdout: '' });
    expect(stderr).toMatch(/^tandem: -B not-there: .+\n$/);
    expect(existsSync(join(TRACING, 'instances/not-there'))).toBe(false);
  });

  test.each(titled([[], ['-s'], ['-f'], ['-B', NAME]]))(
    'snapshot with $title, if the kernel has none',
    async ({ args }) => {
      if (existsSync(join(TRACING, 'snapshot'))) return;
      const { status, stderr } = await tandem(['snapshot', ...args]);
      expect(status).toBe(1);
      expect(stderr).toMatch(/^tandem: snapshot: this kernel has none.+\n$/);
    },
  );
});

describe.skipIf(unable)('errors are one line with a next step', () => {
  test.each([
    [['show', '-c', 'x'], 255],
    [['show', '-c', '4096'], 255],
    [['show', '-p', '-s'], 255],
    [['show', '--trigger', 'no-such-event'], 255],
    [['list', '-e', '-F'], 255],
    [['list', '-e', '\\('], 255],
    [['snapshot', '-s', '-f'], 255],
  ])('%s', async (args, expected) => {
    const { status, stdout, stderr } = await tandem(args);
    expect({ status, stdout: stdout.toString() }).toEqual({ status: expected, stdout: '' });
    expect(stderr).toMatch(/^tandem: .+\n$/);
  });

  test('without root', async () => {
    const nobody = ['setpriv', '--reuid=65534', '--clear-groups'];
    for (const command of ['list', 'stat', 'show', 'stop', 'clear', 'check-events']) {
      const { status, stderr } = await wrapped(nobody, [...COMMAND, command]);
      expect(status).toBe(2);
      expect(stderr).toMatch(/^tandem: .+ this needs root: .+\n$/);
    }
    expect((await wrapped(nobody, [...COMMAND, 'list', '-O', '-c'])).status).toBe(0);
  });
});

test('options lists what report -O takes', async () => {
  const [options, listed] = [await tandem(['options']), await tandem(['list', '-O'])];
  expect(options).toMatchObject({ status: 0, stderr: '' });
  expect(options.stdout.equals(listed.stdout)).toBe(true);
  expect(options.stdout.toString()).toContain('option:\tparent');
});

describe.skipIf(unable)('check-events', () => {
  test('names events whose formats it does not understand; more of them without built-in texts', async () => {
    const [all, plain] = [await tandem(['check-events']), await tandem(['check-events', '-N', '--verbose=all'])];
    const count = ({ stderr }: RunResult) => stderr.split('\n').length - 1;
    for (const result of [all, plain]) {
      expect(result.status).toBe(count(result) === 0 ? 0 : 22);
      expect(result.stderr).toMatch(/^(tandem: \w+:\w+: .+\n)*$/);
    }
    expect(count(plain)).toBeGreaterThanOrEqual(count(all));
  });
});
