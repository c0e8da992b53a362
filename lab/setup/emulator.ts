import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { mustRun, run } from '../command.ts';
import { LabError } from '../errors.ts';
import { CACHE, made } from '../folders.ts';

/** The command that starts QEMU, with the words that tell it where its firmware is. */
export type Emulator = readonly [program: string, ...words: string[]];

const INSTALLED: Emulator = ['qemu-system-x86_64'];
/**
 * 7.2 goes on executing instructions that another emulated CPU has just replaced: the breakpoint by which a kernel
 * switches events stays in what it translated, and CPUs run into it for ever, with interrupts off (seen in RIP of a
 * guest that answered no more; within a minute when events are switched all the time). 10.0 doesn't.
 */
const OLDEST = 10;
const BACKPORT = join(CACHE, 'qemu');
const PACKAGES = ['qemu-system-x86', 'qemu-system-common', 'qemu-system-data', 'seabios'];
const DOWNLOAD_SECONDS = 600;

/** QEMU that emulates CPUs well: the installed one, or what setup unpacked. */
export function emulator(): Emulator {
  if (!existsSync(BACKPORT)) return INSTALLED;
  const firmware = ['qemu', 'seabios'].flatMap((name) => ['-L', join(BACKPORT, 'usr/share', name)]);
  return [join(BACKPORT, 'usr/bin', INSTALLED[0]), ...firmware];
}

/** Unpacks a newer QEMU into the cache, not installed, where the installed one is too old. Needs its libraries. */
export async function unpackEmulator(): Promise<void> {
  if (existsSync(BACKPORT) || (await installedVersion()) >= OLDEST) return;
  const partial = join(made(CACHE), 'qemu.partial');
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial);
  try {
    await downloadBackports(partial);
    const root = join(partial, 'root');
    for (const archive of readdirSync(partial).filter((name) => name.endsWith('.deb')))
      await mustRun('dpkg', ['-x', join(partial, archive), root]);
    await mustRun(join(root, 'usr/bin', INSTALLED[0]), ['--version']);
    renameSync(root, BACKPORT);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(
      `lab: no newer QEMU: ${error.message}\nlab: with the installed one emulated machines hang now and then`,
    );
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

async function installedVersion(): Promise<number> {
  const { stdout } = await run(INSTALLED[0], ['--version']);
  return Number(/version (\d+)/.exec(stdout)?.[1]);
}

/** Asks Debian's backports with lists of its own, so that what apt knows of this machine's sources stays as it is. */
async function downloadBackports(folder: string): Promise<void> {
  const release = /^VERSION_CODENAME=(\w+)$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1];
  const suite = `${release}-backports`;
  const keys = 'signed-by=/usr/share/keyrings/debian-archive-keyring.gpg';
  const list = join(folder, 'sources.list');
  writeFileSync(list, `deb [${keys}] http://deb.debian.org/debian ${suite} main\n`);
  const own = {
    'Dir::Etc::SourceList': list,
    'Dir::Etc::SourceParts': '-',
    'Dir::State::Lists': made(join(folder, 'lists')),
    'Dir::Cache': made(join(folder, 'cache')),
    'APT::Sandbox::User': 'root',
  };
  const options = ['-qq', '-t', suite, ...Object.entries(own).flatMap(([name, value]) => ['-o', `${name}=${value}`])];
  await mustRun('apt-get', [...options, 'update'], { cwd: folder, seconds: DOWNLOAD_SECONDS });
  await mustRun('apt-get', [...options, 'download', ...PACKAGES], { cwd: folder, seconds: DOWNLOAD_SECONDS });
}
