import { mkdirSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root of the checkout: the lab is run from there. */
export const PROJECT = resolve('.');
/** Scripts that run inside guests. */
export const GUEST_SCRIPTS = join(PROJECT, 'lab/guest');
/** Kernel and initramfs, kept from run to run. */
export const CACHE = resolve(
  process.env.TANDEM_LAB_CACHE ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tandem-lab'),
);
/** Everything of the guests that run now; `down` removes it. One lab each: another folder is another lab. */
export const RUN = resolve(process.env.TANDEM_LAB_RUN ?? join(tmpdir(), `tandem-lab-${process.getuid?.() ?? 0}`));
/** What tests leave behind on purpose. */
export const ARTEFACTS = resolve(process.env.TANDEM_LAB_ARTEFACTS ?? join(PROJECT, '.tmp/lab-artefacts'));

/** Shared with all guests, where it is /job; each guest has a folder in it. */
export const SHARE = join(RUN, 'job');
/** A guest's sockets and pipes, for this machine only. */
export const PORTS = join(RUN, 'ports');

export function made(folder: string): string {
  mkdirSync(folder, { recursive: true });
  return folder;
}
