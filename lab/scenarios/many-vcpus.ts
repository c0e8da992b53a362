import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { recordWell } from '../attempts.ts';
import { withFiles } from '../checks/files.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { mustExec } from '../machine/machine.ts';
import { startRecording } from '../record.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';
import { busy } from '../work.ts';

const OPTIONS = ['-C', 'x86-tsc', '-e', 'kvm_entry', '-e', 'kvm_exit'];
const GUEST_OPTIONS = ['-e', 'sched_switch', '-e', 'irq'];
/** More than the host has CPUs. */
const MANY = { vcpus: 3, sparse: true };

/** Guests that are less plain: two of them, ids of vCPUs with gaps, a vCPU that goes away. */
export const manyVcpus: Scenario = {
  name: 'many-vcpus',
  about: 'two guests at once; more vCPUs than CPUs, with gaps in their ids; a vCPU offlined while recording',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 900,
  async run(context) {
    await offlinedVcpu(context);
    const files = await recordWell(context, 'two-guests', {
      options: OPTIONS,
      guests: [
        { number: 1, transport: 'vsock', options: GUEST_OPTIONS },
        { number: 2, transport: 'vsock', options: GUEST_OPTIONS, hardware: MANY },
      ],
      command: 'sleep 3',
    });
    // A guest that ended by itself is told from one that was removed.
    if (files === undefined) return;
    await withFiles(files, (opened) => checkKvmSync(context, 'two-guests', opened, [1, 2]));
    await context.lab.remove('guest2');
  },
};

async function offlinedVcpu(context: Context): Promise<void> {
  const name = 'offlined';
  const { lab, pair, folder } = context;
  const guest = await lab.guest(1, { agent: { program: pair.agent, transport: 'vsock' } });
  const setOnline = (value: number): Promise<string> =>
    mustExec(guest, `echo ${value} >/sys/devices/system/cpu/cpu1/online`);
  await busy([guest], async () => {
    const recording = await startRecording(
      lab,
      {
        recorder: 'tandem',
        options: [...OPTIONS, '--tsync-interval', '500'],
        guests: [{ number: 1, transport: 'vsock', options: GUEST_OPTIONS }],
        command: 'sleep 6',
      },
      join(folder, name),
    );
    await sleep(1000);
    await setOnline(0);
    const { status, output, files } = await recording.ended;
    context.keep(`${name}/output.txt`, output);
    context.check(status === 0, `${name}: the recording ends well: ${output}`);
    await withFiles(files, (opened) => checkKvmSync(context, name, opened, [1]));
    await setOnline(1);
  });
}
