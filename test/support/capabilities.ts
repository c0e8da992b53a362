import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';

/** Debian's. */
export const CHROMIUM = '/usr/bin/chromium';

/** What a test may need of the machine. Each gives the reason why it is not there, or undefined where it is. */
const checks = {
  root: () => (process.getuid?.() === 0 ? undefined : 'not root'),
  tracefs: () => (existsSync('/sys/kernel/tracing/trace_pipe') ? undefined : 'no tracefs at /sys/kernel/tracing'),
  'trace-cmd': () => (stockVersion() === undefined ? 'no trace-cmd installed' : undefined),
  'trace-cmd 3.1': () => {
    const version = stockVersion();
    if (version === undefined) return 'no trace-cmd installed';
    return version.startsWith('3.1.') ? undefined : `trace-cmd is ${version}, not 3.1`;
  },
  btrfs: () => {
    if (spawnSync('mkfs.btrfs', ['--version']).error !== undefined) return 'no btrfs-progs installed';
    if (spawnSync('filefrag', ['-V']).error !== undefined) return 'no e2fsprogs installed';
    return existsSync('/dev/loop-control') ? undefined : 'no loop devices';
  },
  chromium: () => (existsSync(CHROMIUM) ? undefined : `no Chromium at ${CHROMIUM}`),
  unshare: () =>
    spawnSync('unshare', ['-m', '--propagation', 'private', 'true']).status === 0
      ? undefined
      : 'no private mount namespace (unshare -m) possible',
};

export type Capability = keyof typeof checks;

const known = new Map<Capability, string | undefined>();

/** Why this machine can't run a test that needs all of these; undefined where it can. */
export function missing(...needed: readonly Capability[]): string | undefined {
  for (const one of needed) {
    if (!known.has(one)) known.set(one, checks[one]());
    const reason = known.get(one);
    if (reason !== undefined) return reason;
  }
  return undefined;
}

function stockVersion(): string | undefined {
  const { stdout, error } = spawnSync('trace-cmd', ['--version'], { encoding: 'utf8' });
  return error === undefined ? /version (\S+)/.exec(stdout)?.[1] : undefined;
}
