import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { LabError, TimeoutError } from '../errors.ts';
import { RUN } from '../folders.ts';
import { waitFor } from '../waiting.ts';
import { markedProcesses } from './processes.ts';

/** As the mark of machines, for the process that ends them: `down` leaves it alone. */
const MARK = 'TANDEM_LAB_GUARD_OF';
/** How long one of a lab that was killed may take to end the machines. */
const CLEANING_SECONDS = 15;

/**
 * From now on the lab goes down when this process ends in any way, also by SIGKILL: another one waits for the end of
 * a pipe that only this one holds. Waits for the guard of a lab that was killed; fails when one is in use. Gives what
 * dismisses the guard.
 */
export async function startGuard(): Promise<() => void> {
  await waitFor('the guard', CLEANING_SECONDS, () => guards().length === 0 || undefined).catch((error) => {
    if (!(error instanceof TimeoutError)) throw error;
    throw new LabError(`tests run in this lab already (guard: pid ${guards()})`, 'set TANDEM_LAB_RUN for another lab');
  });
  const script = `cat >/dev/null; exec "$@"`;
  const guard: ChildProcess = spawn('sh', ['-c', script, 'sh', process.execPath, process.argv[1] ?? '', 'down'], {
    env: { ...process.env, [MARK]: RUN },
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  guard.unref();
  (guard.stdin as Socket).unref();
  return () => void (guard.pid && process.kill(-guard.pid, 'SIGKILL'));
}

const guards = (): number[] => markedProcesses(`${MARK}=${RUN}`);
