import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

export interface RunOptions {
  readonly cwd?: string;
  readonly timeoutMs?: number;
  readonly env?: Readonly<Record<string, string>>;
}

export interface RunResult {
  /** Exit code; -1 when a signal ended it. */
  readonly status: number;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

const COMMAND = resolve('dist/cli/main.js');
const TIMEOUT_MS = 60_000;

const DATA_LIMIT_KB = 1_000_000;

/** Runs the built `tandem` with at most a gigabyte of memory: what asks for more fails. */
export function tandemWithLittleMemory(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const limited = `ulimit -d ${DATA_LIMIT_KB} && exec "$@"`;
  return run('sh', ['-c', limited, 'sh', process.execPath, COMMAND, ...args], options);
}

/** Runs the built `tandem`. */
export function tandem(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return run(process.execPath, [COMMAND, ...args], options);
}

/** Runs a program to its end; kills it when it takes too long. Rejects only when it can't be started. */
export function run(program: string, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  return new Promise((done, fail) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: { ...process.env, ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs ?? TIMEOUT_MS,
      killSignal: 'SIGKILL',
    });
    const stdout: Buffer[] = [];
    const stderr: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
    child.on('error', fail);
    child.on('close', (status, signal) => {
      done({
        status: status ?? -1,
        signal,
        stdout: Buffer.concat(stdout),
        stderr: Buffer.concat(stderr).toString('utf8'),
      });
    });
  });
}
