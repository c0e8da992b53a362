import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { tracefsState, withTracefs } from '../../test/support/tracefs-state.ts';
import { Journal } from '../kernel/journal.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { byGuestCpu, EnteredVcpus, enteredIn } from './entered-vcpus.ts';

const unable =
  missing('root', 'tracefs') ??
  (existsSync('/sys/kernel/tracing/events/kvm/kvm_entry') ? undefined : 'this kernel has no KVM');
const folder = temporaryFolder();
/** More than processes can have. */
const NOBODY = 2 ** 22 + 1;

test('a guest is watched as long as that takes, and nothing is left', async (context) => {
  context.skip(unable !== undefined, unable);
  await withTracefs(async () => {
    const before = tracefsState();
    const journal = new Journal(folder);
    const tracefs = openTracefs();
    const watched = EnteredVcpus.watch(process.pid, tracefs, journal);
    const made = tracefs.instances().find((name) => name.startsWith('tandem_vcpus-')) ?? '';
    const read = (...parts: string[]): string =>
      tracefs
        .instance(made)
        .read(...parts)
        .trim();
    expect(read('events', 'kvm', 'kvm_entry', 'enable')).toBe('1');
    expect(read('set_event_pid').split('\n')).toContain(String(process.pid));
    expect(watched?.end().size).toBe(0);
    expect(read('events', 'kvm', 'kvm_entry', 'enable')).toBe('0');
    expect(EnteredVcpus.watch(NOBODY, tracefs, journal)).toBeUndefined();
    expect(journal.undo()).toEqual([]);
    expect(tracefsState()).toEqual(before);
  });
});

test('threads are told by the kernel’s text, whatever they are called', () => {
  const text = `# tracer: nop
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
       CPU 0/KVM-812     [001] d..1.  1786.183101: kvm_entry: vcpu 0, rip 0xffffffff81c0a3ed
 a [0] kvm_entry: v-813     [000] d..1.  1786.183150: kvm_entry: vcpu 12, rip 0x7f2a10
             <...>-9       [000] d..1.  1786.183160: kvm_exit: vcpu 3 reason EXTERNAL_INTERRUPT
       CPU 0/KVM-815     [011] d..1.  1786.183201: kvm_entry: vcpu 0, rip 0x0 intr_info 0x800000fc`;
  expect([...enteredIn(text)]).toEqual([
    [0, 815],
    [12, 813],
  ]);
});

test.each([
  {
    entered: [
      [0, 70],
      [1, 71],
    ],
    cpuCount: 2,
    threads: [70, 71],
  },
  {
    entered: [
      [4, 74],
      [0, 70],
    ],
    cpuCount: 2,
    threads: [70, 74],
  },
  { entered: [[1, 71]], cpuCount: 3, threads: [undefined, 71, undefined] },
  {
    entered: [
      [0, 70],
      [4, 74],
    ],
    cpuCount: 3,
    threads: [undefined, undefined, undefined],
  },
  { entered: [], cpuCount: 1, threads: [undefined] },
] as const)('vCPUs $entered of a guest with $cpuCount CPUs', ({ entered, cpuCount, threads }) => {
  expect(byGuestCpu(new Map(entered), cpuCount)).toEqual(threads);
});
