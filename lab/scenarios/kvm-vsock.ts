import type { TraceFile } from '../../src/index.ts';
import { recordWell } from '../attempts.ts';
import { withFiles } from '../checks/files.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { type Scenario, WITH_TANDEM } from '../scenario.ts';

const GUEST = 1;
/** Raw ticks, and ticks that a reader makes ns of: the latter by default. */
const CLOCKS = { 'x86-tsc': ['-C', 'x86-tsc'], tsc2nsec: [] } as const;
/** The offsets that KVM sets are the file's, and no guest event lies where its vCPU did not run. */
export const kvmVsock: Scenario = {
  name: 'kvm-vsock',
  about: 'KVM time synchronisation over vsock, x86-tsc and tsc2nsec',
  shape: 'nested',
  pairs: WITH_TANDEM,
  seconds: 1200,
  async run(context) {
    for (const [clock, options] of Object.entries(CLOCKS)) {
      const plan = {
        options: [...options, '-e', 'kvm_entry', '-e', 'kvm_exit', '-e', 'sched_switch'],
        guests: [{ number: GUEST, transport: 'vsock', options: ['-e', 'sched_switch', '-e', 'irq'] }],
        command: 'sleep 2',
      } as const;
      const files = await recordWell(context, clock, plan, ({ guests }) => problemOf(guests[0], clock));
      if (files) await withFiles(files, (opened) => checkKvmSync(context, clock, opened, [GUEST]));
    }
  },
};

/** What trace-cmd does in vain now and then: find the threads of vCPUs, answer in time. */
function problemOf(guest: TraceFile | undefined, wanted: string): string | undefined {
  const clock = guest?.buffers[0]?.clock;
  if (clock !== wanted) return `recorded with the clock ${clock}`;
  return guest?.timeShift === undefined ? 'the guest was not measured' : undefined;
}
