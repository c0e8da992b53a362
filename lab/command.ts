import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { LabError } from './errors.ts';
import { markedEnvironment } from './machine/processes.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly seconds?: number;
}

export interface CommandResult {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const DEFAULT_SECONDS = 60;
/** As of a shell whose command was killed for taking too long. */
export const TIMED_OUT = 124;

/** Runs a command on this machine, with all it starts. Its status is TIMED_OUT when it had to be killed. */
export async function run(command: string, args: readonly string[], options: CommandOptions = {}) {
  const child = spawn(command, args, {
    cwd: options.cwd,
    env: markedEnvironment(),
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const failed = once(child, 'error').then(([error]) => {
    throw new LabError(`${command}: ${(error as Error).message}`, 'run `npm run lab -- setup`');
  });
  let timedOut = false;
  const killer = setTimeout(
    () => {
      timedOut = true;
      if (child.pid) process.kill(-child.pid, 'SIGKILL');
    },
    (options.seconds ?? DEFAULT_SECONDS) * 1000,
  );
  const finished = Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  try {
    const [stdout, stderr, [code]] = await Promise.race([finished, failed]);
    return { status: timedOut ? TIMED_OUT : ((code as number | null) ?? 128), stdout, stderr } satisfies CommandResult;
  } finally {
    clearTimeout(killer);
  }
}

/** As `run`, for commands that must succeed. Gives what they print. */
export async function mustRun(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
  const { status, stdout, stderr } = await run(command, args, options);
  if (status !== 0) throw new LabError(`${command} ${args.join(' ')}: exit status ${status}: ${stderr || stdout}`);
  return stdout;
}
