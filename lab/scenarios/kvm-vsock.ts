import type { TraceFile } from '../../src/index.ts';
import { recordWell } from '../attempts.ts';
import { judgeCausality } from '../checks/causality.ts';
import { type RecordedFiles, withFiles } from '../checks/files.ts';
import { vcpuOffsets } from '../checks/tsc-offset.ts';
import { asText, type Context, type Scenario, STOCK } from '../scenario.ts';

const GUEST = 1;
/** Raw ticks, and ticks that a reader makes ns of: the latter by default. */
const CLOCKS = { 'x86-tsc': ['-C', 'x86-tsc'], tsc2nsec: [] } as const;
/** The offsets that KVM sets are the file's, and no guest event lies where its vCPU did not run. */
export const kvmVsock: Scenario = {
  name: 'kvm-vsock',
  about: 'KVM time synchronisation over vsock, x86-tsc and tsc2nsec',
  shape: 'nested',
  pairs: [STOCK],
  seconds: 300,
  async run(context) {
    for (const [clock, options] of Object.entries(CLOCKS)) {
      const plan = {
        options: [...options, '-e', 'kvm_entry', '-e', 'kvm_exit', '-e', 'sched_switch'],
        guests: [{ number: GUEST, transport: 'vsock', options: ['-e', 'sched_switch', '-e', 'irq'] }],
        command: 'sleep 2',
      } as const;
      const files = await recordWell(context, clock, plan, ({ guests }) => clockProblem(guests[0], clock));
      if (files) await withFiles(files, (opened) => check(context, clock, opened));
    }
  },
};

function clockProblem(guest: TraceFile | undefined, wanted: string): string | undefined {
  const clock = guest?.buffers[0]?.clock;
  return clock === wanted ? undefined : `recorded with the clock ${clock}`;
}

async function check(context: Context, clock: string, files: RecordedFiles): Promise<void> {
  const { pid } = context.lab.guests.find(({ number }) => number === GUEST)!;
  const vcpus = await vcpuOffsets(context.lab.host, pid);
  const samples = files.guests[0]?.timeShift?.cpus ?? [];
  const offsets = samples.map((own) => own.map(({ offset }) => -offset));
  context.figure(`${clock}: tsc-offset of vCPUs, in debugfs`, vcpus);
  const isExact =
    offsets.length === vcpus.length &&
    offsets.every((own, cpu) => own.length > 0 && own.every((offset) => offset === vcpus[cpu]!.offset));
  context.check(isExact, `${clock}: the file's offsets are KVM's, not ${JSON.stringify(offsets, asText)}`);
  const [causality] = await judgeCausality(files);
  context.figure(`${clock}: causality`, causality);
  context.check(causality?.outside === 0, `${clock}: no guest event outside of kvm_entry..kvm_exit`);
  context.check((causality?.inside ?? 0) > 100, `${clock}: enough guest events to judge by`);
}
