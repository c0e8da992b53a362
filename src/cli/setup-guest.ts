import { execFileSync } from 'node:child_process';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { MAXIMUM_CPUS } from '../transport/fifos.ts';
import { setUpGuest } from '../transport/setup-guest.ts';
import { EXIT_HELP } from './exit-status.ts';

interface Switches {
  readonly c?: number;
  readonly p?: number;
  readonly g?: number;
  readonly a?: true;
}

const NOTES = `
With -a the guest has its ports from its next start on. Without libvirt, give QEMU these options, the last two lines for
each vCPU N:
  -device virtio-serial
  -chardev pipe,id=trace-N,path=/var/lib/trace-cmd/virt/GUEST/trace-pipe-cpuN
  -device virtserialport,chardev=trace-N,name=trace-pipe-cpuN`;

/** `tandem setup-guest`, ready to be added to the program. */
export function setupGuestCommand(): Command {
  return new Command('setup-guest')
    .description("Make the FIFOs by which a guest's trace data can come to the host: two for each of its vCPUs.")
    .argument('<guest>', 'the name of the guest')
    .option('-c <cpus>', 'its number of vCPUs (default: what libvirt tells)', parseCpus)
    .option('-p <permissions>', 'of the FIFOs, in octal (default: 0660)', parsePermissions)
    .option('-g <group>', 'that the FIFOs and new folders belong to', groupId)
    .option('-a', "add the FIFOs to the guest's configuration in libvirt")
    .addHelpText('after', NOTES)
    .addHelpText('after', EXIT_HELP)
    .action(async (guest: string, { c, p, g, a }: Switches) => {
      const setup = {
        ...(c && { cpus: c }),
        ...(p !== undefined && { permissions: p }),
        ...(g !== undefined && { group: g }),
      };
      const { folder, cpus } = await setUpGuest({ guest, ...setup, attach: a === true });
      console.log(`${folder}: FIFOs for ${cpus} vCPUs`);
    });
}

function parseCpus(text: string): number {
  const cpus = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (cpus >= 1 && cpus <= MAXIMUM_CPUS) return cpus;
  throw new TandemError('USAGE', `-c '${text}'`, `this is no number of vCPUs from 1 to ${MAXIMUM_CPUS}`);
}

function parsePermissions(text: string): number {
  if (/^0?[0-7]{3}$/.test(text)) return Number.parseInt(text, 8);
  throw new TandemError('USAGE', `-p '${text}'`, 'these are no permissions in octal', 'write 0660, or 0600');
}

/** By getent(1), which knows groups of the network, too. */
function groupId(name: string): number {
  try {
    const entry = execFileSync('getent', ['group', name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    return Number(entry.split(':')[2]);
  } catch (cause) {
    throw new TandemError('NOT_FOUND', `-g '${name}'`, 'there is no such group', 'see: getent group', { cause });
  }
}
