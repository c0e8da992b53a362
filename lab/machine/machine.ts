import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandResult, run, TIMED_OUT } from '../command.ts';
import { LabError, TimeoutError } from '../errors.ts';
import { GUEST_SCRIPTS, made, SHARE } from '../folders.ts';
import { waitFor } from '../waiting.ts';
import { enter } from './network.ts';
import { writeLine } from './pipes.ts';

export interface ExecOptions {
  readonly seconds?: number | undefined;
}

/** A machine of the lab: commands run there, and files are exchanged through its folder. */
export interface Machine {
  readonly name: string;
  /** Its folder as seen here, and as seen there. */
  readonly folder: string;
  readonly home: string;
  /** Runs a shell script. The status is TIMED_OUT when it had to be killed. */
  exec(script: string, options?: ExecOptions): Promise<CommandResult>;
}

const DEFAULT_SECONDS = 60;
/** How long a killed script may take to be gone. */
const KILL_SECONDS = 10;

/** As `exec`, for scripts that must succeed. Gives what they print. */
export async function mustExec(machine: Machine, script: string, options?: ExecOptions): Promise<string> {
  const { status, stdout, stderr } = await machine.exec(script, options);
  if (status !== 0) throw new LabError(`${machine.name}: exit status ${status} of: ${script}\n${stderr}${stdout}`);
  return stdout;
}

/** A guest, reached through its port `lab` and its folder in the share. See guest/serve for the other end. */
export class GuestMachine implements Machine {
  readonly name: string;
  readonly folder: string;
  readonly home: string;
  readonly #port: string;
  readonly #isAlive: () => boolean;

  /** `port` is the pipe of its port. */
  constructor(name: string, port: string, isAlive: () => boolean) {
    this.name = name;
    this.folder = join(SHARE, name);
    this.home = `/job/${name}`;
    this.#port = port;
    this.#isAlive = isAlive;
  }

  async exec(script: string, { seconds = DEFAULT_SECONDS }: ExecOptions = {}): Promise<CommandResult> {
    const id = randomBytes(6).toString('hex');
    const base = join(made(join(this.folder, 'exec')), id);
    const answer = join(this.folder, 'exec', `exec-${id}`);
    const finished = (): string | undefined => {
      if (existsSync(`${answer}.status`)) return readFileSync(`${answer}.status`, 'utf8');
      if (!this.#isAlive()) throw new LabError(`${this.name} is gone`, `see ${this.folder}/console.log`);
      return undefined;
    };
    writeFileSync(`${base}.sh`, script);
    try {
      writeLine(this.#port, `run ${id}`);
      let status = await waitFor('a script', seconds, finished).catch(ignoreTimeout);
      if (status === undefined) {
        writeLine(this.#port, `kill ${id}`);
        await waitFor('a killed script', KILL_SECONDS, finished).catch(ignoreTimeout);
        status = String(TIMED_OUT);
      }
      const read = (name: string): string =>
        existsSync(`${answer}.${name}`) ? readFileSync(`${answer}.${name}`, 'utf8') : '';
      return { status: Number(status), stdout: read('out'), stderr: read('err') };
    } finally {
      for (const path of [`${base}.sh`, ...['out', 'err', 'status'].map((end) => `${answer}.${end}`)]) {
        rmSync(path, { force: true });
      }
    }
  }
}

function ignoreTimeout(error: unknown): undefined {
  if (error instanceof TimeoutError) return undefined;
  throw error;
}

/** The machine itself as the host of flat guests: in their network, and with nothing hidden that recorders need. */
export class LocalHost implements Machine {
  readonly name = 'host';
  readonly folder = join(SHARE, 'host');
  readonly home = this.folder;
  readonly #holder: number;

  constructor(holder: number) {
    this.#holder = holder;
  }

  async exec(script: string, { seconds = DEFAULT_SECONDS }: ExecOptions = {}): Promise<CommandResult> {
    mkdirSync(this.folder, { recursive: true });
    const path = join(this.folder, `${randomBytes(6).toString('hex')}.sh`);
    writeFileSync(path, script);
    const inside = ['sh', join(GUEST_SCRIPTS, 'local-host'), this.folder, path];
    const command = [...enter(this.#holder), 'unshare', '--mount', '--propagation', 'private', ...inside];
    try {
      return await run('nsenter', command, { cwd: this.folder, seconds });
    } finally {
      rmSync(path, { force: true });
    }
  }
}
