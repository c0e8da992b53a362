import { existsSync, mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../command.ts';
import { LabError } from '../errors.ts';
import { CACHE, made } from '../folders.ts';

/** What the lab uses of Debian. Nothing of them is running when the lab is down. */
export const PACKAGES = [
  'qemu-system-x86',
  'qemu-system-data',
  'seabios',
  'busybox-static',
  'binutils',
  'iproute2',
  'kmod',
  'socat',
  'trace-cmd',
  'util-linux',
];
const INSTALL_SECONDS = 600;

export async function missingPackages(): Promise<string[]> {
  const installed = async (name: string): Promise<boolean> =>
    / installed$/m.test((await run('dpkg-query', ['--status', name])).stdout);
  const states = await Promise.all(PACKAGES.map(installed));
  return PACKAGES.filter((_, index) => !states[index]);
}

export async function installPackages(names: readonly string[]): Promise<void> {
  if (process.getuid?.() !== 0) {
    throw new LabError(`packages are missing: ${names.join(' ')}`, 'install them, or run this as root');
  }
  await updateLists();
  const install = ['DEBIAN_FRONTEND=noninteractive', 'apt-get', 'install', '-y', '-qq', '--no-install-recommends'];
  await mustRun('env', [...install, ...names], { seconds: INSTALL_SECONDS });
}

/** What apt knows of may be older than what can be downloaded, or nothing at all. Only root can change that. */
async function updateLists(): Promise<void> {
  if (process.getuid?.() === 0) await mustRun('apt-get', ['update', '-qq'], { seconds: INSTALL_SECONDS });
}

export interface Kernel {
  readonly version: string;
  readonly image: string;
  /** Holds lib/modules. */
  readonly root: string;
}

/** The kernel that setup unpacked. */
export function installedKernel(): Kernel {
  const root = join(CACHE, 'kernel');
  const [version] = existsSync(root) ? readdirSync(join(root, 'lib/modules')) : [];
  if (version === undefined) throw new LabError('there is no kernel for guests yet', 'run `npm run lab -- setup`');
  return { version, root, image: join(root, 'boot', `vmlinuz-${version}`) };
}

/** Debian's current kernel, unpacked into the cache and not installed. */
export async function unpackKernel(): Promise<Kernel> {
  if (existsSync(join(CACHE, 'kernel'))) return installedKernel();
  await updateLists();
  const depends = await mustRun('apt-cache', ['depends', 'linux-image-amd64']);
  const name = /Depends: (linux-image-\d\S+)/.exec(depends)?.[1];
  if (name === undefined) throw new LabError('apt knows no linux-image-amd64', 'run `apt-get update`');
  // Complete under its final name only, so that a download that was cut off is made again.
  const partial = join(made(CACHE), 'kernel.partial');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  await mustRun('apt-get', ['download', '-qq', '-o', 'APT::Sandbox::User=root', name], {
    cwd: partial,
    seconds: INSTALL_SECONDS,
  });
  const [archive] = readdirSync(partial).filter((file) => file.endsWith('.deb'));
  const root = join(partial, 'root');
  await mustRun('dpkg', ['-x', join(partial, archive ?? ''), root], { seconds: INSTALL_SECONDS });
  const [version] = readdirSync(join(root, 'lib/modules'));
  await mustRun('depmod', ['-b', root, version ?? ''], { seconds: INSTALL_SECONDS });
  renameSync(root, join(CACHE, 'kernel'));
  rmSync(partial, { recursive: true });
  return installedKernel();
}
