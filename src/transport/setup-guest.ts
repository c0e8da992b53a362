import { chmodSync, chownSync, lstatSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { makeFifo } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';
import { HOST_FIFO_ROOT, hostFifoFolder, MAXIMUM_CPUS, portName } from './fifos.ts';
import { virshOrThrow } from './virsh.ts';

export interface GuestSetup {
  readonly guest: string;
  /** vCPUs; without it, libvirt is asked. */
  readonly cpus?: number;
  /** Mode of the FIFOs, 0660 without it. */
  readonly permissions?: number;
  /** Group id of FIFOs and new folders. */
  readonly group?: number;
  /** Add the FIFOs to the guest's configuration in libvirt. */
  readonly attach?: boolean;
  readonly root?: string;
}

const FOLDER_MODE = 0o750;
const FIFO_MODE = 0o660;

/**
 * Makes the FIFOs by which a guest's trace data can come (`openHostFifos`): two per vCPU. Those that are there get the
 * mode and group asked for. Returns where they are, and for how many vCPUs.
 */
export async function setUpGuest(setup: GuestSetup): Promise<{ readonly folder: string; readonly cpus: number }> {
  const { guest, root = HOST_FIFO_ROOT, attach = false } = setup;
  const folder = hostFifoFolder(guest, root);
  const cpus = setup.cpus ?? (await maximumVcpus(guest));
  makeFolders(folder, setup.group);
  for (let cpu = 0; cpu < cpus; cpu += 1) {
    for (const end of ['in', 'out']) makeOneFifo(join(folder, `${portName(cpu)}.${end}`), setup);
  }
  if (attach) await attachPorts(guest, folder, cpus);
  return { folder, cpus };
}

async function maximumVcpus(guest: string): Promise<number> {
  const answer = await virshOrThrow(['vcpucount', '--maximum', '--domain', guest]).catch((cause) => {
    const problem = `its number of vCPUs is not known: ${(cause as Error).message}`;
    throw new TandemError('NOT_FOUND', `guest '${guest}'`, problem, 'give it with -c', { cause });
  });
  const cpus = Number(answer);
  if (Number.isInteger(cpus) && cpus >= 1 && cpus <= MAXIMUM_CPUS) return cpus;
  throw new TandemError(
    'NOT_FOUND',
    `guest '${guest}'`,
    'libvirt does not tell its number of vCPUs',
    'give it with -c',
  );
}

/** Only new folders are changed. */
function makeFolders(folder: string, group: number | undefined): void {
  try {
    const first = mkdirSync(folder, { recursive: true, mode: FOLDER_MODE });
    if (first === undefined) return;
    for (let path = folder; path.length >= first.length; path = dirname(path)) {
      chmodSync(path, FOLDER_MODE); // whatever the umask is
      if (group !== undefined) chownSync(path, -1, group);
    }
  } catch (error) {
    throw fsError(error, folder, 'can not be made');
  }
}

function makeOneFifo(path: string, { permissions = FIFO_MODE, group }: GuestSetup): void {
  const made = makeFifo(path, permissions);
  try {
    if (!made && !lstatSync(path).isFIFO()) {
      throw new TandemError('USAGE', path, 'this is no FIFO', 'move it away: the name is needed for one');
    }
    chmodSync(path, permissions);
    if (group !== undefined) chownSync(path, -1, group);
  } catch (error) {
    throw fsError(error, path, 'can not be given its mode and group');
  }
}

/** The guest has its ports from its next start on. */
async function attachPorts(guest: string, folder: string, cpus: number): Promise<void> {
  const temporary = mkdtempSync(join(tmpdir(), 'tandem-setup-guest-'));
  const file = join(temporary, 'channel.xml');
  try {
    for (let cpu = 0; cpu < cpus; cpu += 1) {
      writeFileSync(file, channelXml(join(folder, portName(cpu)), portName(cpu)));
      await virshOrThrow(['attach-device', '--config', '--domain', guest, '--file', file]);
    }
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function channelXml(path: string, name: string): string {
  const source = path.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll("'", '&apos;');
  return `<channel type='pipe'><source path='${source}'/><target type='virtio' name='${name}'/></channel>\n`;
}
