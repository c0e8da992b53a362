import { withFiles } from '../checks/files.ts';
import { record } from '../record.ts';
import { type Scenario, STOCK } from '../scenario.ts';
import { busy } from '../work.ts';

const GUEST = 1;

/** A guest without KVM or vsock: its samples must lie where causality allows them to. */
export const ptpTcpFlat: Scenario = {
  name: 'ptp-tcp-flat',
  about: 'PTP time synchronisation over TCP with an emulated guest of this machine',
  shape: 'flat',
  pairs: [STOCK],
  seconds: 180,
  async run(context) {
    const { lab, pair } = context;
    const guest = await lab.guest(GUEST, { agent: { program: pair.agent, transport: 'tcp' } });
    const plan = {
      recorder: pair.recorder,
      options: ['-C', 'mono', '--tsync-interval', '1000', '-e', 'sched_process_fork', '-e', 'sched_process_exit'],
      guests: [{ number: GUEST, transport: 'tcp', options: ['-e', 'sched'] }],
      command: 'sleep 3',
    } as const;
    const recording = await busy(guest, () => record(lab, plan, context.folder));
    context.keep('output.txt', recording.output);
    context.check(recording.status === 0, `the recorder ends with 0, not ${recording.status}`);
    context.check(recording.files.length === 2, `two files, not ${recording.files.length}`);
    if (recording.files.length !== 2) return;
    await withFiles(recording.files, async ({ guests }) => {
      const cpus = guests[0]?.timeShift?.cpus ?? [];
      context.figure(
        'samples of each CPU',
        cpus.map((samples) => samples.length),
      );
      context.check(cpus.length === 2 && cpus.every((samples) => samples.length >= 2), 'every CPU has samples');
    });
  },
};
