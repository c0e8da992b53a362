import { recordWell } from '../attempts.ts';
import { withFiles } from '../checks/files.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { type Scenario, TANDEM } from '../scenario.ts';

const GUEST = 1;

/** Data by virtio-serial ports instead of sockets. */
export const pipes: Scenario = {
  name: 'pipes',
  about: 'a recording whose data goes through virtio-serial ports',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 600,
  async run(context) {
    for (const name of ['first', 'second']) {
      const files = await recordWell(context, name, {
        options: ['-C', 'x86-tsc', '-e', 'kvm_entry', '-e', 'kvm_exit'],
        guests: [{ number: GUEST, transport: 'pipes', options: ['-e', 'sched_switch', '-e', 'irq'] }],
        command: 'sleep 3',
      });
      if (files) await withFiles(files, (opened) => checkKvmSync(context, name, opened, [GUEST]));
    }
  },
};
