import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { missing } from './support/capabilities.ts';
import { run, tandem } from './support/run.ts';
import { expectSameText } from './support/same-text.ts';
import { stockRecord, workload } from './support/stock-recorder.ts';
import { temporaryFolder } from './support/temp-folder.ts';

/*
 * Recordings made here and now by the installed trace-cmd, of this kernel's own events, read back by it and by us.
 * `-e all` switches on every event system of the kernel; which events fire is the workload's doing.
 */
const unable = missing('root', 'tracefs', 'unshare', 'trace-cmd 3.1');
const scratch = temporaryFolder();

/** Other programs may have tracefs first. */
const HOOK_TIMEOUT_MS = 900_000;

interface Recording {
  readonly name: string;
  readonly options: readonly string[];
  /** Options of `report` besides none at all. */
  readonly views: readonly (readonly string[])[];
  readonly dumps?: readonly (readonly string[])[];
}

const DUMPS = [
  ['--summary'],
  ['--all'],
  ['--options', '--flyrecord', '--clock'],
  ['--sections', '--strings'],
  ['--head-page', '--head-event', '--ftrace-events', '--systems'],
  ['--events', '--kallsyms', '--printk', '--cmd-lines'],
  ['--validate'],
];
/**
 * Fields instead of texts. Without two events that trace-cmd reads past their ends, into whatever lies there: raw_data
 * without a closing zero byte, and kernel_stack, whose array is declared longer than it is.
 */
const FIELDS = ['-R', '-v', '-F', 'raw_data', '-F', 'kernel_stack'];
const TEXT_VIEWS = [['-l'], ['-t'], ['--ts-diff'], ['--raw-ts'], ['-N']];
const LINE_VIEWS = [FIELDS, ...TEXT_VIEWS];
const FILTERS = [
  ['-F', 'sched_switch:prev_prio < 120 || next_comm =~ "^kw"'],
  ['-F', 'sched:COMM == "node"', '-F', 'kmem/kmalloc: bytes_req >= 4096'],
  ['-F', 'sys_enter_.*', '-v', '-F', 'sys_enter_.*: common_pid & 1'],
  ['-F', '.*:CPU == 1 && !(common_flags & 1)'],
  ['-F', 'kmem/kmalloc: call_site & 0x1000 && bytes_alloc > 100', '-F', 'mm_page_alloc: order > 0'],
  ['-F', 'page_fault_user: error_code ^ 4', '-F', 'sched_process_exec: filename =~ "node"'],
  ['-F', 'kmalloc: call_site == "alloc_fdtable"', '-F', 'hrtimer_start: function =~ ".*tick.*"'],
  ['-F', 'softirq_entry: vec == 7', '-F', 'signal_generate: comm != "sh" && sig == 9'],
  ['--cpu', '0'],
];

const recordings: readonly Recording[] = [
  { name: 'v7-zstd', options: ['-e', 'all'], views: [...LINE_VIEWS, ...FILTERS], dumps: DUMPS },
  { name: 'v6', options: ['-e', 'all', '--file-version', '6'], views: [FIELDS, ['-t']], dumps: DUMPS },
  { name: 'no-compression', options: ['-e', 'all', '--compression', 'none'], views: [FIELDS], dumps: DUMPS },
  { name: 'clock-mono', options: ['-C', 'mono', '-e', 'sched', '-e', 'timer'], views: LINE_VIEWS },
  { name: 'clock-boot', options: ['-C', 'boot', '-e', 'sched', '-e', 'irq'], views: LINE_VIEWS },
  { name: 'clock-x86-tsc', options: ['-C', 'x86-tsc', '-e', 'sched', '-e', 'irq'], views: LINE_VIEWS },
  { name: 'clock-global-v6', options: ['-C', 'global', '--file-version', '6', '-e', 'sched'], views: LINE_VIEWS },
  { name: 'clock-counter', options: ['-C', 'counter', '-e', 'sched'], views: LINE_VIEWS },
  {
    // trace-cmd crashes on files with instances when it is given a filter: no FIELDS here.
    name: 'instances',
    options: [
      '-e',
      'sched',
      '-B',
      'tandem-one',
      '-e',
      'irq',
      '-e',
      'timer',
      '-B',
      'tandem-two-longer',
      '-e',
      'syscalls',
    ],
    views: TEXT_VIEWS,
    dumps: DUMPS,
  },
  {
    name: 'instances-v6',
    options: ['--file-version', '6', '-e', 'sched', '-B', 'tandem-one', '-e', 'irq', '-e', 'timer'],
    views: [['-l'], ['-t']],
    dumps: DUMPS,
  },
  {
    name: 'stack-traces',
    options: ['-T', '-e', 'sched', '-e', 'kmem:kmalloc', '-e', 'syscalls:sys_enter_openat'],
    views: [FIELDS, ['-l'], ['-F', 'sched_switch: next_pid == 0'], ['-F', 'sys_enter_openat']],
  },
  { name: 'lost-events', options: ['-b', '4', '-s', '200000', '-e', 'kmem', '-e', 'sched'], views: [FIELDS, ['-l']] },
];

describe.each(recordings)('fresh recording: $name', ({ name, options, views, dumps }) => {
  const file = `${name}.dat`;

  beforeAll(async () => {
    if (unable !== undefined) return;
    const { status, stderr } = await stockRecord(['-o', file, ...options, ...workload()], scratch);
    expect(status, stderr).toBe(0);
    expect(existsSync(join(scratch, file)), stderr).toBe(true);
  }, HOOK_TIMEOUT_MS);

  const commands = [
    ...[[], ...views].map((view) => ['report', ...view, '-i', file]),
    ...(dumps ?? []).map((parts) => ['dump', ...parts, '-i', file]),
  ];

  test.for(commands.map((command) => ({ line: command.join(' '), command })))('$line', async (example, context) => {
    context.skip(unable !== undefined, unable);
    const [verb, ...rest] = example.command as [string, ...string[]];
    const stock = await run('trace-cmd', [verb, ...rest], { cwd: scratch });
    const ours = await tandem([verb, '--compat', '3.1', ...rest], { cwd: scratch });
    expect(ours.status, ours.stderr).toBe(stock.status);
    expectSameText(ours.stdout, stock.stdout, example.line);
  });
});
