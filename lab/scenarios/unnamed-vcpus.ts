import { recordWell } from '../attempts.ts';
import { judgeCausality } from '../checks/causality.ts';
import { withFiles } from '../checks/files.ts';
import { checkThreads } from '../checks/kvm-sync.ts';
import { knownVcpus } from '../checks/tsc-offset.ts';
import { type Scenario, TANDEM } from '../scenario.ts';

const GUEST = 1;

/** Threads of vCPUs that nothing names: neither KVM's files nor QEMU. They are seen when they enter the guest. */
export const unnamedVcpus: Scenario = {
  name: 'unnamed-vcpus',
  about: 'the threads of vCPUs found without KVM’s files and without names, by kvm_entry',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    const name = 'session';
    const files = await recordWell(context, name, {
      options: ['-C', 'x86-tsc', '-e', 'kvm_entry', '-e', 'kvm_exit'],
      guests: [
        { number: GUEST, transport: 'vsock', hardware: { namesThreads: false }, options: ['-e', 'sched_switch'] },
      ],
      command: 'sleep 2',
      hidesKvm: true,
    });
    if (files === undefined) return;
    const { pid } = context.lab.guests.find(({ number }) => number === GUEST)!;
    const vcpus = await knownVcpus(context.lab.host, pid);
    context.figure('vCPUs in debugfs', vcpus);
    await withFiles(files, async (opened) => {
      checkThreads(context, name, opened, opened.guests[0]?.traceId, vcpus);
      context.figure('causality, by measured clocks', (await judgeCausality(opened))[0]);
    });
  },
};
