import { type SpawnOptions, spawn } from 'node:child_process';
import { existsSync, openSync, readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { RUN } from '../folders.ts';

/**
 * Every process of this lab has a word in its environment that tells whose it is. So all of them are found, whatever
 * was or was not written down before the lab was killed.
 */
const MARK = 'TANDEM_LAB_OF';
const GRACE_MS = 3000;

export const markedEnvironment = (): NodeJS.ProcessEnv => ({ ...process.env, [MARK]: RUN });

/** What was forgotten ends by itself after that, as of sleep(1) and timeout(1). */
export const LIFETIME = '6h';

/** Starts a process that outlives this one; its output goes to a file. Gives its pid. */
export function startDetached(command: string, args: readonly string[], log: string): number {
  const output = openSync(log, 'a');
  const options: SpawnOptions = { detached: true, stdio: ['ignore', output, output], env: markedEnvironment() };
  const child = spawn(command, args, options);
  child.unref();
  child.on('error', () => {});
  return child.pid ?? -1;
}

export const isAlive = (pid: number): boolean => pid > 0 && existsSync(`/proc/${pid}`) && !isZombie(pid);

function isZombie(pid: number): boolean {
  try {
    return /^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

/** Pids of all processes of this lab that are alive. */
export const labProcesses = (): number[] => markedProcesses(`${MARK}=${RUN}`);

/** Pids of the other processes that are alive and have this word in their environment. */
export function markedProcesses(mark: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => pid !== process.pid && environmentOf(pid).includes(mark) && !isZombie(pid));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0');
  } catch {
    return [];
  }
}

/** Ends processes, those that don't go by themselves too. */
export async function end(pids: readonly number[]): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    for (const pid of pids.filter(isAlive)) sendSignal(pid, signal);
    const until = performance.now() + GRACE_MS;
    while (pids.some(isAlive) && performance.now() < until) await sleep(20);
  }
}

/** A process may be gone before its signal comes. */
function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
