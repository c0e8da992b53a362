import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { TandemError } from '../base/errors.ts';

/** This program again: `node .../main.js`. */
const SELF = [process.execPath, process.argv[1] ?? ''] as const;
const START_TIMEOUT_MS = 15_000;
/** A quoted word of a shell is one of these, as it is. */
const PLAIN_WORD = /^[\w@%+=:,./-]+$/;

/** Shows a command as it could be typed. */
export function showCommand(args: readonly string[]): void {
  const words = args.map((word) => (PLAIN_WORD.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  console.log(`$ tandem ${words.join(' ')}`);
}

/** The agent of a loopback guest: it listens on a free port of this machine, and records an instance of its own. */
export class LoopbackAgent {
  readonly port: number;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.port = port;
  }

  /** Resolves when it listens. */
  static async start(instance: string): Promise<LoopbackAgent> {
    const args = ['agent', '-N', '127.0.0.1', '-p', '0', '--instance', instance];
    showCommand(args);
    const child = spawn(SELF[0], [SELF[1], ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const port = await new Promise<number | undefined>((resolve) => {
      const timer = setTimeout(resolve, START_TIMEOUT_MS, undefined);
      child.on('exit', () => resolve(undefined));
      child.stderr.on('data', (text: Buffer) => {
        said += text;
      });
      child.stdout.on('data', (text: Buffer) => {
        const found = /listening on TCP port (\d+)/.exec(text.toString())?.[1];
        if (found === undefined) return;
        clearTimeout(timer);
        resolve(Number(found));
      });
    });
    const agent = new LoopbackAgent(child, port ?? 0);
    if (port !== undefined) return agent;
    await agent.stop();
    throw new TandemError('PEER', 'demo', `the agent did not start: ${said.trim()}`);
  }

  /** Ends it. Everything is put back by then. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill();
    await exit;
  }
}

/** Runs a command of this program, which writes where this one does. Throws when it fails. */
export async function runTandem(args: readonly string[]): Promise<void> {
  showCommand(args);
  const child = spawn(SELF[0], [SELF[1], ...args], { stdio: 'inherit' });
  const [status] = (await once(child, 'exit')) as [number | null];
  if (status !== 0) throw new TandemError('PEER', 'demo', `tandem ${args[0]} failed`);
}
