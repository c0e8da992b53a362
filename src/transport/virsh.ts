import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { TandemError } from '../base/errors.ts';
import { printable } from './address.ts';

const TIMEOUT_MS = 10_000;
const run = promisify(execFile);

/** What libvirt's command says; undefined where there is none, or where it fails. */
export async function virsh(args: readonly string[]): Promise<string | undefined> {
  try {
    return await virshOrThrow(args);
  } catch (error) {
    if (error instanceof TandemError) return undefined;
    throw error;
  }
}

/** As `virsh`, for what must succeed. */
export async function virshOrThrow(args: readonly string[]): Promise<string> {
  const command = `virsh ${args[0]}`;
  try {
    const env = { ...process.env, LC_ALL: 'C' };
    return (await run('virsh', args, { timeout: TIMEOUT_MS, maxBuffer: 16 << 20, env })).stdout;
  } catch (error) {
    const { code, killed, stderr } = error as NodeJS.ErrnoException & { killed?: boolean; stderr?: string };
    if (code === 'ENOENT') throw new TandemError('UNSUPPORTED', command, 'libvirt is not installed here');
    if (killed) throw new TandemError('IO', command, `no answer within ${TIMEOUT_MS / 1000} s`, 'is libvirt well?');
    if (stderr === undefined) throw error;
    const reason = printable(stderr.split('\n').find((line) => line !== '') ?? 'it failed without a reason');
    throw new TandemError('IO', command, reason, 'is the name right, and the guest defined?', { cause: error });
  }
}
