import { expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { KvmVm, kvmMissing } from '../../test/support/kvm-vm.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { tracefsState, withTracefs } from '../../test/support/tracefs-state.ts';
import { Journal } from '../kernel/journal.ts';
import { threadId } from '../kernel/thread-id.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import type { VcpuRuns } from '../sync/types.ts';
import { createMarkerInstance, withRuns } from './marker-instance.ts';
import { RawMarkers } from './raw-markers.ts';
import { RunTrace } from './run-trace.ts';

const unable = missing('root', 'tracefs') ?? kvmMissing();
const folder = temporaryFolder();
const TIMES = 20;
/** Not every KVM enters a machine that has nothing to run, but each makes ready to, and says that it came to nothing. */
const STAND_INS = ['kvm_fpu', 'kvm_userspace_exit'] as const;

interface Seen {
  readonly runs: VcpuRuns | undefined;
  /** Markers before and after each entry that was asked for. */
  readonly marks: bigint[];
  readonly isOff: boolean;
}

/** Enters a vCPU of this thread, between markers, and says what was seen of `threads`. */
async function watched(threads: readonly number[], cpu = 0): Promise<Seen> {
  return withTracefs(async () => {
    const before = tracefsState();
    const tracefs = openTracefs();
    const journal = new Journal(folder);
    const machine = new KvmVm([0]);
    const instance = withRuns(createMarkerInstance(tracefs, journal, 'mono'), tracefs, threads, STAND_INS);
    const markers = new RawMarkers(instance);
    const problems: string[] = [];
    const trace = new RunTrace(instance, instance.runs!, markers, (problem) => problems.push(problem));
    try {
      // Left over, as of a measurement that failed.
      markers.begin(1);
      trace.begin(cpu);
      machine.run(0);
      trace.end();
      markers.begin(2 * TIMES);
      trace.begin(cpu);
      for (let time = 0; time < TIMES; time++) {
        markers.mark(2 * time);
        machine.run(0);
        markers.mark(2 * time + 1);
      }
      trace.end();
      machine.run(0);
      const made = tracefs.instances().find((name) => instance.path.endsWith(name)) ?? '';
      const isOff = tracefs.instance(made).read('events', 'kvm', STAND_INS[0], 'enable').trim() === '0';
      return { marks: [...markers.read().subarray(0, 2 * TIMES)], runs: trace.runs(), isOff };
    } finally {
      trace.close();
      markers.close();
      machine.close();
      expect(problems).toEqual([]);
      expect(journal.undo()).toEqual([]);
      expect(tracefsState()).toEqual(before);
    }
  });
}

test('a vCPU runs between the markers before and after its entry', async (context) => {
  context.skip(unable !== undefined, unable);
  const { marks, runs, isOff } = await watched([threadId()]);
  expect(runs?.entries.length).toBeGreaterThanOrEqual(TIMES);
  expect(isOff).toBe(true);
  const { entries, exits } = runs as VcpuRuns;
  expect([entries[0], exits.at(-1)]).toEqual([0n, 0n]);
  const times = [...entries].flatMap((entry, k) => [entry, exits[k] as bigint]).filter((time) => time !== 0n);
  expect(times).toEqual([...times].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
  // Whatever lies between the markers of two entries is no time of the vCPU's.
  for (let k = 1; k < entries.length - 1; k++) {
    const pair = marks.findLastIndex((mark) => mark < (entries[k] as bigint));
    expect(pair % 2).toBe(0);
    expect(exits[k]).toBeLessThan(marks[pair + 1] as bigint);
  }
});

test('of other threads nothing is known', async (context) => {
  context.skip(unable !== undefined, unable);
  expect((await watched([1])).runs).toBeUndefined();
  expect((await watched([threadId(), -1], 1)).runs).toBeUndefined();
});
