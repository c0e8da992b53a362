import { recordWell } from '../attempts.ts';
import { withFiles } from '../checks/files.ts';
import { type Scenario, STOCK, TANDEM } from '../scenario.ts';

const GUEST = 1;

/** A guest without KVM or vsock: its samples must lie where causality allows them to. */
export const ptpTcpFlat: Scenario = {
  name: 'ptp-tcp-flat',
  about: 'PTP time synchronisation over TCP with an emulated guest of this machine',
  shape: 'flat',
  pairs: [TANDEM, STOCK],
  seconds: 180,
  async run(context) {
    const files = await recordWell(context, 'mono', {
      options: ['-C', 'mono', '--tsync-interval', '1000', '-e', 'sched_process_fork', '-e', 'sched_process_exit'],
      guests: [{ number: GUEST, transport: 'tcp', options: ['-e', 'sched'] }],
      command: 'sleep 3',
    });
    if (files === undefined) return;
    await withFiles(files, async ({ guests }) => {
      const cpus = guests[0]?.timeShift?.cpus ?? [];
      context.figure(
        'samples of each CPU',
        cpus.map((samples) => samples.length),
      );
      context.check(cpus.length === 2 && cpus.every((samples) => samples.length >= 2), 'every CPU has samples');
    });
  },
};
