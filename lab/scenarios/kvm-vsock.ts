import { judgeCausality } from '../checks/causality.ts';
import { withFiles } from '../checks/files.ts';
import { vcpuOffsets } from '../checks/tsc-offset.ts';
import { record } from '../record.ts';
import { asText, type Context, type Scenario, STOCK } from '../scenario.ts';
import { busy } from '../work.ts';

const GUEST = 1;
/**
 * Raw ticks, and ticks that a reader makes ns of. The latter are the default, too; but asked for none, trace-cmd's
 * search for the threads of the vCPUs fails every fourth time in an emulated guest, and it takes the clock `local`.
 */
const CLOCKS = ['x86-tsc', 'tsc2nsec'];

/** The offsets that KVM sets are the file's, and no guest event lies where its vCPU did not run. */
export const kvmVsock: Scenario = {
  name: 'kvm-vsock',
  about: 'KVM time synchronisation over vsock, x86-tsc and tsc2nsec',
  shape: 'nested',
  pairs: [STOCK],
  seconds: 300,
  async run(context) {
    for (const clock of CLOCKS) await recordAndCheck(context, clock);
  },
};

async function recordAndCheck(context: Context, clock: string): Promise<void> {
  const { lab, pair } = context;
  const guest = await lab.guest(GUEST, { agent: { program: pair.agent, transport: 'vsock' } });
  const qemu = lab.guests.find(({ name }) => name === guest.name)!.pid;
  const before = await vcpuOffsets(lab.host, qemu);
  const plan = {
    recorder: pair.recorder,
    options: ['-C', clock, '-e', 'kvm_entry', '-e', 'kvm_exit', '-e', 'sched_switch'],
    guests: [{ number: GUEST, transport: 'vsock', options: ['-e', 'sched_switch', '-e', 'irq'] }],
    command: 'sleep 2',
  } as const;
  const start = performance.now();
  const recording = await busy(guest, () => record(lab, plan, `${context.folder}/${clock}`));
  context.figure(`${clock}: seconds of the session`, (performance.now() - start) / 1000);
  context.keep(`${clock}/output.txt`, recording.output);
  context.check(recording.status === 0, `${clock}: the recorder ends with 0, not ${recording.status}`);
  context.check(recording.files.length === 2, `${clock}: two files, not ${recording.files.length}`);
  if (recording.files.length !== 2) return;
  const after = await vcpuOffsets(lab.host, qemu);
  context.check(
    JSON.stringify(before, asText) === JSON.stringify(after, asText),
    `${clock}: KVM did not change the offsets meanwhile`,
  );
  await withFiles(recording.files, async (files) => {
    const shift = files.guests[0]?.timeShift;
    const offsets = shift?.cpus.map((samples) => samples.map(({ offset }) => -offset)) ?? [];
    context.figure(
      `${clock}: tsc-offset of vCPUs, in debugfs`,
      after.map(({ offset }) => offset),
    );
    const exact =
      offsets.length === after.length &&
      offsets.every((own, cpu) => own.length > 0 && own.every((offset) => offset === after[cpu]!.offset));
    context.check(exact, `${clock}: the file's offsets are KVM's, not ${JSON.stringify(offsets, asText)}`);
    const [causality] = await judgeCausality(files);
    context.figure(`${clock}: causality`, causality);
    context.check(causality?.outside === 0, `${clock}: no guest event outside of kvm_entry..kvm_exit`);
    context.check((causality?.inside ?? 0) > 100, `${clock}: enough guest events to judge by`);
  });
}
