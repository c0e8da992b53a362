import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { accessSync, constants, statSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Writable } from 'node:stream';
import { TandemError } from '../base/errors.ts';

/** Waits for a byte, then becomes the command: what runs before tracing is on is the shell's start alone. */
const WAIT_THEN_EXEC = 'read -r go <&3 && exec "$@" 3<&-';

/** The traced command. It is there, with its pid, but does nothing until it is released. */
export class TracedCommand {
  readonly #child: ChildProcess;
  /** Resolves with its exit status; 128 and the signal's number when a signal ended it. */
  readonly ended: Promise<number>;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.ended = new Promise((resolve) => {
      child.once('exit', (code, signal) => resolve(code ?? 128 + osConstants.signals[signal as NodeJS.Signals]));
    });
  }

  /** Throws when there is no such command, or no such user. */
  static async prepare(command: readonly string[], user: string | undefined): Promise<TracedCommand> {
    findProgram(command[0] as string);
    const { words, env } = user === undefined ? { words: command, env: process.env } : asUser(command, user);
    const child = spawn('/bin/sh', ['-c', WAIT_THEN_EXEC, 'sh', ...words], {
      stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
      env,
    });
    child.on('error', () => {}); // before it is spawned, once() below is told; later there is none
    await once(child, 'spawn');
    return new TracedCommand(child);
  }

  get pid(): number {
    return this.#child.pid as number;
  }

  release(): void {
    const start = this.#child.stdio[3] as Writable;
    start.on('error', () => {}); // it was killed meanwhile: its end is told by `ended`
    start.end('\n');
  }

  /** Ends a command that was not released yet. */
  abandon(): void {
    this.#child.kill('SIGKILL');
  }

  /** Lets it run on when this program ends. */
  leave(): void {
    this.#child.unref();
  }

  pass(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }
}

/** As the shell will look for it. */
function findProgram(name: string): void {
  const places = name.includes('/')
    ? [name]
    : (process.env.PATH ?? '').split(delimiter).map((path) => join(path, name));
  const there = places.filter((path) => statSync(path, { throwIfNoEntry: false })?.isFile());
  if (there.length === 0) throw new TandemError('NOT_FOUND', name, 'no such command', 'is it in PATH?');
  for (const path of there) {
    try {
      accessSync(path, constants.X_OK);
      return;
    } catch {
      // The next place may have one that can be executed.
    }
  }
  throw new TandemError('USAGE', there[0] as string, 'can not be executed', 'is it a program? see chmod +x');
}

/** With the user's groups and home folder, as a login would have them. */
function asUser(command: readonly string[], user: string): { words: string[]; env: NodeJS.ProcessEnv } {
  const { stdout } = spawnSync('getent', ['passwd', user], { encoding: 'utf8' });
  const [name, , uid, gid, , home] = (stdout ?? '').trim().split(':');
  if (name === undefined || uid === undefined || gid === undefined) {
    throw new TandemError('NOT_FOUND', `--user ${user}`, 'there is no such user');
  }
  findProgram('setpriv');
  const words = ['setpriv', '--reuid', uid, '--regid', gid, '--init-groups', '--', ...command];
  return { words, env: { ...process.env, HOME: home, USER: name, LOGNAME: name } };
}
