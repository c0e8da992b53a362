import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';

/** In the environment of a daemon: the process that started it and waits until it records. */
const MARK = 'TANDEM_DAEMON_OF';
const PID_FILE = '/run/tandem-record.pid';
const PASSED: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs this command line once more, in a session of its own. Resolves when it records, with 0; or with its status when
 * it ended before. Until then signals that this process gets go on to it.
 */
export function startDaemon(): Promise<number> {
  const child = spawn(process.execPath, [...process.execArgv, ...process.argv.slice(1)], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, [MARK]: String(process.pid) },
  });
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of PASSED) process.on(signal, pass);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(status ?? 128 + constants.signals[signal as NodeJS.Signals]));
    child.once('message', () => {
      for (const signal of PASSED) process.off(signal, pass);
      child.disconnect();
      child.unref();
      resolve(0);
    });
  });
}

/** This process, if `startDaemon` has started it. */
export class Daemon {
  private constructor() {}

  static join(): Daemon | undefined {
    const isDaemon = process.env[MARK] === String(process.ppid) && process.send !== undefined;
    delete process.env[MARK]; // not for the traced command
    return isDaemon ? new Daemon() : undefined;
  }

  /** Lets go of the process that waits. A pid file tells from now on whom to stop. */
  began(): void {
    writeFileSync(PID_FILE, `${process.pid}\n`);
    process.on('exit', () => {
      // A later daemon may have written its own number.
      if (readFileSync(PID_FILE, 'utf8') === `${process.pid}\n`) rmSync(PID_FILE, { force: true });
    });
    this.letGo();
  }

  /** The same without a pid file. */
  letGo(): void {
    process.send?.('began');
  }
}
