import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const COMMAND = resolve('dist/cli/main.js');
const PATIENCE_MS = 15_000;

/** The built `tandem agent`, listening for this machine by TCP. */
export class AgentProcess {
  readonly child: ChildProcess;
  readonly port: number;
  readonly #output: () => string;

  private constructor(child: ChildProcess, port: number, output: () => string) {
    this.child = child;
    this.port = port;
    this.#output = output;
  }

  /** Resolves when it listens. `args` besides `-N 127.0.0.1 -p 0`. */
  static async start(...args: readonly string[]): Promise<AgentProcess> {
    const child = spawn(process.execPath, [COMMAND, 'agent', '-p', '0', '-N', '127.0.0.1', ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text;
      });
    }
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(10)) {
      const port = /listening on TCP port (\d+)/.exec(output)?.[1];
      if (port !== undefined) return new AgentProcess(child, Number(port), () => output);
      if (child.exitCode !== null) break;
    }
    child.kill('SIGKILL');
    throw new Error(`the agent does not listen: ${output}`);
  }

  /** All that it said, but for the warning that TCP is open. */
  get said(): string {
    return this.#output()
      .split('\n')
      .filter((line) => !/^listening on|TCP is open/.test(line))
      .join('\n');
  }

  /** Waits until it has said something like that. */
  async says(pattern: RegExp): Promise<void> {
    for (const end = performance.now() + PATIENCE_MS; performance.now() < end; await sleep(10)) {
      if (pattern.test(this.said)) return;
    }
    throw new Error(`the agent does not say ${pattern}, but: ${this.said}`);
  }

  /** Ends it. Returns its exit status, or the signal that ended it. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> {
    const exit = this.child.exitCode === null && this.child.signalCode === null ? once(this.child, 'exit') : undefined;
    this.child.kill(signal);
    await exit;
    return this.child.exitCode ?? this.child.signalCode ?? '';
  }
}
