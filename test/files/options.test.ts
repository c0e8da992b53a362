import { describe, expect, test } from 'vitest';
import { missing } from '../support/capabilities.ts';
import { bundledCapture, unpack } from '../support/captures.ts';
import { run, tandem } from '../support/run.ts';
import { expectSameText } from '../support/same-text.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/*
 * Options of report and dump that no stored text shows: the installed trace-cmd says what is right.
 * The order of options counts: some hold for the files after them, some for the file before.
 */
const unable = missing('trace-cmd 3.1');
const temporary = temporaryFolder();

const HOST = ['-i', 'kvm-auto-1vcpu.dat'];
const GUEST = ['-i', 'kvm-auto-1vcpu-l2b.dat'];
const BOTH = [...HOST, ...GUEST];
const FGRAPH = ['-i', 'kvm-fgraph-l2.dat'];
const INSTANCES = ['-i', 'local-guest-instances.dat'];
const FUNCTION = ['-i', 'local-guest-function.dat'];
const MANY = ['-i', 'local-l0-many.dat'];
const V6 = ['-i', 'local-l0-syscalls-v6.dat'];
const TSC = ['-i', 'tcp-ptp-x86tsc-interval.dat', '-i', 'tcp-ptp-x86tsc-interval-10.77.0.31.dat'];
const GUESTS = ['tcp-two-guests.dat', 'tcp-two-guests-10.77.0.31.dat', 'tcp-two-guests-10.77.0.32.dat'];

/** Command lines by capture. */
const commands: Record<string, readonly (readonly string[])[]> = {
  'kvm-auto-1vcpu': [
    ['report', ...GUEST, ...HOST],
    ['report', ...BOTH, '--align-ts'],
    ['report', ...BOTH, '--raw-ts'],
    ['report', ...BOTH, '--ts-diff', '-t'],
    ['report', ...BOTH, '--ts-offset', '123456789'],
    ['report', ...BOTH, '-R'],
    ['report', ...BOTH, '-l'],
    ['report', ...BOTH, '-N'],
    ['report', ...BOTH, '-L'],
    ['report', ...BOTH, '--cpu', '0'],
    ['report', ...BOTH, '-F', 'kvm_exit: exit_reason == 0x7c'],
    ['report', '-F', 'sched_switch', ...BOTH],
    ['report', ...HOST, '-F', 'kvm', ...GUEST, '-F', 'sched_switch'],
    ['report', ...BOTH, '--first-event'],
    ['report', ...BOTH, '--stat'],
    ['report', ...BOTH, '-E'],
    ['report', ...BOTH, '-r', 'kvm_exit'],
    ['report', ...BOTH, '-n', 'kvm_.*'],
    ['report', ...HOST, '--cpus'],
    ['report', ...HOST, '--first-event'],
    ['report', ...HOST, '--last-event'],
    ['report', ...HOST, '--first-event', '--last-event', '-t'],
    ['report', ...HOST, '--stat'],
    ['report', ...HOST, '--uname'],
    ['report', ...HOST, '--version'],
    ['report', ...HOST, '-e'],
    ['report', ...HOST, '-p'],
    ['report', ...HOST, '-E'],
    ['report', ...HOST, '-f'],
    ['report', ...HOST, '-P'],
    ['report', ...HOST, '--events'],
    ['report', ...HOST, '--event', 'kvm_entry'],
    ['report', ...HOST, '--check-events'],
    ['report', ...HOST, '--ts-check'],
    ['report', ...HOST, '--boundary'],
    ['report', ...HOST, '--nodate', '-q'],
    ['report', ...HOST, '-w'],
    ['report', ...GUEST, '-w'],
    ['report', '-w', '-F', 'sched_switch', ...GUEST],
    ['report', '-I', ...GUEST],
    ['report', '-S', ...GUEST],
    ['report', '-I', '-S', '-F', 'sched', ...GUEST],
    ['report', ...HOST, '-F', 'sched_switch: next_pid == 0'],
    ['report', ...HOST, '--pid', '1647'],
    ['report', ...HOST, '--comm', 'sleep'],
    ['report', '-T', '-F', 'kvm_entry: rip > 0xffffffff81000000 && vcpu_id == 0', ...HOST],
    ['report', '-F', 'sched_switch: prev_comm == "sleep" || next_comm =~ "^rcu.*"', ...HOST],
    ['report', '-v', '-F', 'kvm', ...HOST],
    ['report', '-F', 'kvm', '-v', '-F', 'kvm_msr', ...HOST],
    ['report', '-F', '.*: COMM == "CPU 0/KVM" && CPU == 1', ...HOST],
    ['report', '-F', 'kvm_entry, sched/sched_switch: common_pid & 1', ...HOST],
    ['report', '-F', 'sched_switch: prev_state != 0 && !(prev_pid > 3000 || next_pid == 0)', ...HOST],
    ['report', '-F', 'sched_switch: nothing_like_that == 3', ...HOST],
    ['report', '-F', 'no_such_event: a == 1', ...HOST],
    ['report', '-F', 'sched_switch: prev_pid === 3', ...HOST],
    ['report', '-i', 'not-there.dat'],
    ['report', 'kvm-auto-1vcpu.dat'],
    ['dump', ...HOST],
    ['dump', ...HOST, '--all'],
    ['dump', ...HOST, '--head-page', '--head-event'],
    ['dump', ...HOST, '--ftrace-events'],
    ['dump', ...HOST, '--systems'],
    ['dump', ...HOST, '--events'],
    ['dump', ...HOST, '--kallsyms'],
    ['dump', ...HOST, '--printk', '--cmd-lines'],
    ['dump', ...HOST, '--options'],
    ['dump', ...HOST, '--flyrecord'],
    ['dump', ...HOST, '--clock'],
    ['dump', ...HOST, '--strings'],
    ['dump', ...HOST, '--sections'],
    ['dump', ...HOST, '--validate'],
    ['dump', 'kvm-auto-1vcpu-l2b.dat', '--options'],
    ['dump', '-i', 'not-there.dat'],
  ],
  'kvm-fgraph': [
    ['report', ...FGRAPH, '-O', 'fgraph:tailprint=1'],
    ['report', ...FGRAPH, '-O', 'fgraph:depth=1'],
    ['report', ...FGRAPH, '-O', 'tailprint'],
    ['report', ...FGRAPH, '--ts-diff'],
    ['report', ...FGRAPH, '--cpu', '1'],
    ['report', '-F', 'funcgraph_entry: depth == 0', ...FGRAPH],
    ['report', ...FGRAPH, '-N'],
    ['report', ...FGRAPH, '-L'],
    ['report', ...FGRAPH, '-f'],
    ['dump', ...FGRAPH, '--all'],
  ],
  'local-guest-instances': [
    ['report', ...INSTANCES, '--cpu', '1'],
    ['report', ...INSTANCES, '--stat'],
    ['report', ...INSTANCES, '--cpus'],
    ['report', ...INSTANCES, '--first-event', '--last-event'],
    ['report', ...INSTANCES, '-F', 'sched'],
    ['report', ...INSTANCES, ...INSTANCES, '--debug'],
    ['report', ...INSTANCES, ...INSTANCES],
    ['dump', ...INSTANCES, '--all'],
  ],
  'local-guest-function': [
    ['report', ...FUNCTION, '-O', 'parent'],
    ['report', ...FUNCTION, '-O', 'ftrace:parent=1', '-O', 'ftrace:offset'],
    ['report', ...FUNCTION, '-O', 'indent=0'],
    ['report', '-F', 'function: ip == vfs_read', ...FUNCTION],
    ['report', '-F', 'function: ip =~ "do_.*"', ...FUNCTION],
    ['report', '-R', '-F', 'function', ...FUNCTION],
    ['dump', ...FUNCTION, '--all'],
  ],
  'local-l0-many': [
    ['report', '-F', 'kmem: bytes_alloc > 1000', ...MANY],
    ['report', '-F', 'sys_enter: id == 59 || id == 0', ...MANY],
    ['report', '-F', 'kmalloc: gfp_flags & 0x400', '-T', ...MANY],
    ['report', ...MANY, '-n', 'kmalloc', '-r', 'block_.*'],
    ['report', ...MANY, '-N'],
    ['report', ...MANY, '-P'],
    ['report', ...MANY, '-V0'],
    ['report', ...MANY, '--debug'],
    ['report', ...MANY, '--stat'],
    ['dump', ...MANY, '--all'],
  ],
  'local-l0-syscalls-v6': [
    ['report', '-F', 'sys_exit_.*: ret < 0', ...V6],
    ['report', '-F', 'sys_enter_openat', ...V6],
    ['report', ...V6, '--stat'],
    ['report', ...V6, '--uname', '--version'],
    ['report', ...V6, '-N'],
    ['report', ...V6, '--events'],
    ['report', ...V6, '--event', 'syscalls:sys_enter_o.*'],
    ['report', ...V6, '--debug'],
    ['report', ...V6, '--cpus'],
    ['dump', ...V6, '--all'],
    ['dump', ...V6, '--sections', '--strings'],
    ['dump', ...V6, '--validate'],
  ],
  'tcp-ptp-x86tsc-interval': [
    ['report', ...TSC],
    ['report', ...TSC, '-t', '--ts-diff'],
    ['report', ...TSC, '--align-ts'],
    ['report', '--ts2secs', '2100000000', ...TSC],
    ['report', ...TSC, '--ts2secs', '2100000000', '-t'],
    ['report', ...TSC, '--first-event', '--last-event'],
  ],
  'tcp-two-guests': [
    ['report', ...GUESTS.toReversed().flatMap((file) => ['-i', file])],
    ['report', ...GUESTS.flatMap((file) => ['-i', file]), '--cpu', '1', '-R'],
    ['report', ...GUESTS],
    ['report', '-i', GUESTS[1] as string, '-i', GUESTS[2] as string],
  ],
};

describe.each(Object.entries(commands))('options on %s', (name, lines) => {
  const capture = bundledCapture(name);
  const folder = unpack(capture, temporary);

  const cases = lines.map((command) => ({ line: command.join(' '), command }));
  test.concurrent.for(cases)('$line', async ({ line, command }, context) => {
    context.skip(unable !== undefined, unable);
    const [verb, ...rest] = command as [string, ...string[]];
    const stock = await run('trace-cmd', command, { cwd: folder });
    const ours = await tandem([verb, '--compat', '3.1', ...rest], { cwd: folder });
    expect(ours.status, ours.stderr).toBe(stock.status);
    // trace-cmd may have printed a heading before it fails.
    if (stock.status !== 0) expect(ours.stderr).toMatch(/^tandem: .+\n$/);
    else expectSameText(ours.stdout, stock.stdout, line);
  });
});
