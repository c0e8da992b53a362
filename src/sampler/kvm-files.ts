import { type Dirent, existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { mount } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';
import type { VcpuTsc } from '../sync/types.ts';

const USUAL_PLACE = '/sys/kernel/debug';

/** Binary digits behind the point of the ratio that stands for "as fast as the host": AMD's and Intel's. */
const USUAL_FRACTIONS = [32, 48];

/**
 * The folder in debugfs where KVM tells about its virtual machines; debugfs is mounted where it usually is, if it is
 * nowhere. Undefined where that is not possible, or KVM is not there.
 */
export function findKvmFolder(): string | undefined {
  const folder = join(findDebugfs() ?? mountDebugfs() ?? '', 'kvm');
  return folder.startsWith('/') && existsSync(folder) ? folder : undefined;
}

function findDebugfs(): string | undefined {
  for (const line of readFileSync('/proc/mounts', 'utf8').split('\n')) {
    const [, target, type] = line.split(' ');
    if (type === 'debugfs' && target !== undefined) return target;
  }
  return undefined;
}

function mountDebugfs(): string | undefined {
  try {
    mount('debugfs', USUAL_PLACE, 'debugfs');
    return USUAL_PLACE;
  } catch {
    return undefined; // not allowed, or no such kernel: who wants to know about a guest's TSC measures it instead
  }
}

/** A virtual machine of this machine, as KVM shows it in debugfs. Its vCPUs are the guest's CPUs, in their order. */
export class KvmFiles {
  /** Folders of the vCPUs, by guest CPU: vCPU ids can have gaps, their order is that of the guest's CPUs. */
  readonly #vcpus: readonly string[];
  readonly #subject: string;
  /** Whether nobody knows which vCPU is which CPU: the guest does not use all of them. */
  readonly #isUnmapped: boolean;

  private constructor(folder: string, vcpus: readonly string[], isUnmapped: boolean) {
    this.#subject = folder;
    this.#vcpus = vcpus;
    this.#isUnmapped = isUnmapped;
  }

  /**
   * The virtual machine of a process. `cpuCount` tells it from others of the same process. A guest may have fewer CPUs
   * than its machine, as long as it makes no difference which they are. Undefined: not known yet. Throws a TandemError
   * where there is no such machine, or its files don't fit.
   */
  static open(pid: number, cpuCount: number | undefined, kvmFolder: string): KvmFiles {
    const subject = `process ${pid}`;
    // A process can have several (QEMU tries out what KVM can do in a machine without vCPUs): PID-FD each.
    const machines = foldersOf(kvmFolder)
      .filter((name) => name.startsWith(`${pid}-`))
      .map((name) => ({ folder: join(kvmFolder, name), vcpus: vcpuFolders(join(kvmFolder, name)) }))
      .filter(({ vcpus }) => vcpus.length > 0);
    if (machines.length === 0) throw new TandemError('NOT_FOUND', subject, `runs no virtual machine in ${kvmFolder}`);
    const [machine, another] = machines.filter(({ vcpus }) => cpuCount === undefined || vcpus.length === cpuCount);
    if (machine === undefined) {
      const [only, other] = machines;
      if (only !== undefined && other === undefined && only.vcpus.length > (cpuCount as number)) {
        const files = new KvmFiles(only.folder, only.vcpus, true);
        files.tsc(0);
        return files;
      }
      const counts = machines.map(({ vcpus }) => vcpus.length).join(' and ');
      throw new TandemError('UNSUPPORTED', subject, `has ${counts} vCPUs, but its guest says it has ${cpuCount} CPUs`);
    }
    if (another !== undefined) {
      throw new TandemError(
        'UNSUPPORTED',
        subject,
        `runs several virtual machines${cpuCount === undefined ? '' : ` of ${cpuCount} vCPUs`}`,
      );
    }
    return new KvmFiles(machine.folder, machine.vcpus, false);
  }

  get cpuCount(): number {
    return this.#vcpus.length;
  }

  /** What KVM says of the TSC of a guest's CPU now. Throws a TandemError where it says nothing that makes sense. */
  tsc(cpu: number): VcpuTsc {
    const folder = this.#vcpus[cpu];
    if (folder === undefined)
      throw new TandemError('NOT_FOUND', this.#subject, `has no vCPU for the guest's CPU ${cpu}`);
    const own = tscOf(folder);
    if (this.#isUnmapped && !this.#vcpus.every((other) => isSame(tscOf(other), own))) {
      const problem = 'has more vCPUs than its guest has CPUs, and their TSCs differ: which are they?';
      throw new TandemError('UNSUPPORTED', this.#subject, problem);
    }
    return own;
  }

  /** Host threads that run the vCPUs, by guest CPU; undefined where one never ran, or nobody can tell. */
  threads(): (number | undefined)[] {
    if (this.#isUnmapped) return [];
    return this.#vcpus.map((folder) => Number(readNumber(folder, 'pid') ?? 0) || undefined);
  }
}

function tscOf(folder: string): VcpuTsc {
  const offset = readNumber(folder, 'tsc-offset');
  if (offset === undefined) throw new TandemError('UNSUPPORTED', folder, 'has no tsc-offset');
  const ratio = readNumber(folder, 'tsc-scaling-ratio');
  const fraction = readNumber(folder, 'tsc-scaling-ratio-frac-bits');
  return { offset: BigInt.asIntN(64, offset), ...scale(ratio, fraction, folder) };
}

const isSame = (a: VcpuTsc, b: VcpuTsc): boolean =>
  a.offset === b.offset && a.scaling === b.scaling && a.fraction === b.fraction;

/** Whether the files of every vCPU say what can be used: undefined if they do, else what is wrong. */
export function unsound(files: KvmFiles): string | undefined {
  try {
    for (let cpu = 0; cpu < files.cpuCount; cpu++) files.tsc(cpu);
    return undefined;
  } catch (error) {
    if (error instanceof TandemError) return error.message;
    throw error;
  }
}

function scale(
  ratio: bigint | undefined,
  fraction: bigint | undefined,
  folder: string,
): Pick<VcpuTsc, 'scaling' | 'fraction'> {
  const asFast = { scaling: 1n, fraction: 0 };
  if (ratio === undefined && fraction === undefined) return asFast;
  if (ratio !== undefined && ratio > 0n) {
    if (fraction === undefined && USUAL_FRACTIONS.some((bits) => ratio === 1n << BigInt(bits))) return asFast;
    if (fraction !== undefined && fraction >= 0n && fraction < 64n) {
      return ratio === 1n << fraction ? asFast : { scaling: ratio, fraction: Number(fraction) };
    }
  }
  throw new TandemError(
    'UNSUPPORTED',
    folder,
    `a TSC scaling ratio of ${ratio ?? 'unknown size'} with ${fraction ?? 'an unknown number of'} fraction bits`,
  );
}

function vcpuFolders(machine: string): string[] {
  return foldersOf(machine)
    .map((name) => /^vcpu(\d+)$/.exec(name))
    .filter((match) => match !== null)
    .map(([name, id]) => ({ path: join(machine, name), id: Number(id) }))
    .sort((a, b) => a.id - b.id)
    .map(({ path }) => path);
}

function foldersOf(path: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw fsError(error, path, 'can not be read');
  }
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

/** A number of 64 bits, decimal or hexadecimal (0x) as the kernel likes; undefined where the file is not there. */
function readNumber(folder: string, name: string): bigint | undefined {
  const path = join(folder, name);
  let text: string;
  try {
    text = readFileSync(path, 'latin1').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fsError(error, path, 'can not be read');
  }
  const [, sign, digits = ''] = /^(-?)(0x[0-9a-f]{1,16}|\d{1,20})$/i.exec(text) ?? [];
  const number = sign === '-' ? -BigInt(digits) : BigInt(digits);
  if (digits === '' || number >= 1n << 64n || number < -(1n << 63n)) {
    throw new TandemError('CORRUPT', path, `"${text.slice(0, 40)}" is no number of 64 bits`);
  }
  return number;
}
