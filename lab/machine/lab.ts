import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from '../errors.ts';
import { ARTEFACTS, made, PORTS, RUN, SHARE } from '../folders.ts';
import { waitFor } from '../waiting.ts';
import { AGENT_LOG, type AgentPlan, agentCommand, agentScript, IS_LISTENING, isRunning } from './agent.ts';
import { FlatSite } from './flat.ts';
import { keepLogs } from './logs.ts';
import { GuestMachine, type Machine, mustExec } from './machine.ts';
import { NestedSite } from './nested.ts';
import { writeLine } from './pipes.ts';
import { end, isAlive, labProcesses } from './processes.ts';
import type { GuestHardware } from './qemu.ts';
import { qmp } from './qmp.ts';
import { type GuestState, type LabState, readState, type Shape, writeState } from './state.ts';

/** What the shapes of the lab do differently. */
export interface Site {
  /** The machine that has the guests. */
  readonly host: Machine;
  /** Starts a guest's QEMU; gives its pid there. One that was migrated goes on where `incoming` says. */
  start(guest: Omit<GuestState, 'pid'>, incoming?: string): Promise<number>;
  /** Ends a guest's QEMU at once. */
  stop(guest: GuestState): Promise<void>;
  /** Whether a guest's QEMU runs. */
  runs(guest: GuestState): Promise<boolean>;
  isAlive(): boolean;
  /** The pipe of a guest's port, or of its monitor. */
  portOf(guest: string, port: string): string;
}

export interface GuestOptions extends Partial<GuestHardware> {
  readonly agent?: AgentPlan;
}

const DEFAULT_HARDWARE: GuestHardware = { vcpus: 2, sparse: false, megabytes: 512, namesThreads: true };
const MOST_GUESTS = 2;

/** The running lab: a host and its guests. */
export class Lab {
  #state: LabState;
  readonly #site: Site;

  private constructor(state: LabState) {
    this.#state = state;
    this.#site = state.shape === 'flat' ? new FlatSite(state) : new NestedSite(state);
  }

  /** The lab that is up. */
  static running(): Lab | undefined {
    const state = readState();
    if (state === undefined) return undefined;
    const lab = new Lab(state);
    return lab.#site.isAlive() ? lab : undefined;
  }

  /** Starts the host; one that is up already is kept. */
  static async up(shape: Shape): Promise<Lab> {
    const running = Lab.running();
    if (running?.shape === shape) return running;
    if (running) throw new LabError(`the lab is up, and ${running.shape}`, 'run `npm run lab -- down` first');
    await down();
    made(RUN);
    made(PORTS);
    made(join(SHARE, 'host'));
    const site = shape === 'flat' ? FlatSite : NestedSite;
    try {
      return new Lab(writeState(await site.begin()));
    } catch (error) {
      await fallen();
      throw error;
    }
  }

  get shape(): Shape {
    return this.#state.shape;
  }

  get host(): Machine {
    return this.#site.host;
  }

  get guests(): readonly GuestState[] {
    return this.#state.guests;
  }

  machine(name: string): Machine {
    if (name === 'host') return this.host;
    const guest = this.guests.find((one) => one.name === name);
    if (guest === undefined) throw new LabError(`there is no ${name}`, `there are: host ${this.#names()}`);
    return new GuestMachine(name, this.#site.portOf(name, 'lab'), () => this.#site.isAlive());
  }

  #names(): string {
    return this.guests.map(({ name }) => name).join(' ');
  }

  /** A guest as asked for, with its agent started anew; one that is up is kept if it is like that. */
  async guest(number: number, { agent, ...asked }: GuestOptions = {}): Promise<Machine> {
    if (number < 1 || number > MOST_GUESTS) throw new LabError(`there are guests 1 to ${MOST_GUESTS}`);
    const name = `guest${number}`;
    const hardware = { ...DEFAULT_HARDWARE, ...asked };
    const existing = this.guests.find((one) => one.name === name);
    if (!existing || !isLike(existing, hardware) || !(await this.#site.runs(existing))) {
      await this.remove(name);
      rmSync(join(SHARE, name), { recursive: true, force: true });
      made(join(SHARE, name, 'exec'));
      const guest = { name, number, ...hardware };
      this.#keep([...this.guests, { ...guest, pid: await this.#site.start(guest) }]);
    }
    await this.#becomesReady(name);
    const machine = this.machine(name);
    if (agent) await startAgent(machine, agent);
    return machine;
  }

  async #becomesReady(name: string): Promise<void> {
    const folder = join(SHARE, name);
    let looked = performance.now();
    await waitFor(`${name} (see ${folder}/console.log)`, READY_SECONDS, async () => {
      if (!this.#site.isAlive()) throw new LabError('the host is gone', `see ${SHARE}/host/console.log`);
      if (existsSync(join(folder, 'ready'))) return true;
      if (performance.now() - looked < LOOK_MS) return undefined;
      const vanished = await this.vanished();
      looked = performance.now();
      if (vanished !== '') throw new LabError(vanished, `see ${folder}/console.log`);
      return undefined;
    });
  }

  /** Ends a guest at once, as a crash would. */
  async remove(name: string): Promise<void> {
    const guest = this.guests.find((one) => one.name === name);
    if (guest === undefined) return;
    await this.#site.stop(guest);
    this.#keep(this.guests.filter((one) => one.name !== name));
  }

  /** Says which guests are gone that were not removed; nothing if all run, or the host does not answer. */
  async vanished(): Promise<string> {
    const runs = await Promise.all(this.guests.map((guest) => this.#site.runs(guest).catch(() => true)));
    const gone = this.guests.filter((_, index) => !runs[index]).map(({ name }) => name);
    return gone.length > 0 ? `${gone.join(', ')} ended by itself` : '';
  }

  /** A command to the QEMU of a guest. */
  monitor(name: string, command: string, parameters: object = {}): Promise<unknown> {
    return qmp(this.#site.portOf(name, 'monitor'), command, parameters);
  }

  /**
   * Writes a guest to a file of the host, ends its QEMU, and lets it go on in another. Its connections over vsock are
   * reset, and the offset of its TSC steps.
   */
  async migrate(name: string): Promise<void> {
    const guest = this.guests.find((one) => one.name === name);
    if (guest === undefined) throw new LabError(`there is no ${name}`, `there are: ${this.#names()}`);
    const port = this.#site.portOf(name, 'lab');
    const file = `/tmp/${name}.migrated`;
    writeLine(port, 'detach');
    await waitFor(`${name} giving back its share`, MIGRATION_SECONDS, () => this.#startsMigration(name, file));
    // It would change memory faster than an emulated machine can write it.
    await this.monitor(name, 'stop');
    await waitFor(`${name} in ${file}`, MIGRATION_SECONDS, async () => {
      const { status } = (await this.monitor(name, 'query-migrate')) as { status: string };
      if (status === 'failed') throw new LabError(`${name} could not be migrated`);
      return status === 'completed' || undefined;
    });
    await this.#site.stop(guest);
    const pid = await this.#site.start(guest, `exec:cat ${file}`);
    this.#keep(this.guests.map((one) => (one.name === name ? { ...guest, pid } : one)));
    await waitFor(`${name} read from ${file}`, MIGRATION_SECONDS, async () => {
      const { status } = (await this.monitor(name, 'query-status')) as { status: string };
      return status !== 'inmigrate' || undefined;
    });
    await this.monitor(name, 'cont');
    writeLine(port, 'attach');
    await this.host.exec(`rm -f ${file}`);
  }

  /** QEMU refuses until the guest does not use its share. */
  async #startsMigration(name: string, file: string): Promise<true | undefined> {
    try {
      await this.monitor(name, 'migrate', { uri: `exec:cat >${file}` });
      return true;
    } catch (error) {
      if (error instanceof LabError && /VirtFS/.test(error.message)) return undefined;
      throw error;
    }
  }

  /** Brings the logs of agents into the folders of their guests, as far as these answer. */
  async fetchAgentLogs(): Promise<void> {
    for (const { name } of this.guests) {
      const log = `cp ${AGENT_LOG} /job/${name}/agent.log`;
      await this.machine(name)
        .exec(log, { seconds: LOG_SECONDS })
        .catch(() => {});
    }
  }

  #keep(guests: readonly GuestState[]): void {
    this.#state = writeState({ ...this.#state, guests });
  }
}

const READY_SECONDS = 240;
/** So often it is asked whether a guest that is not ready still runs: that disturbs its host. */
const LOOK_MS = 20_000;
const MIGRATION_SECONDS = 180;
const LOG_SECONDS = 10;

const isLike = (a: GuestHardware, b: GuestHardware): boolean =>
  (Object.keys(DEFAULT_HARDWARE) as (keyof GuestHardware)[]).every((key) => a[key] === b[key]);

/** Starts a guest's agent and waits until it answers. trace-cmd's starts anew each time, Tandem's can go on. */
async function startAgent(machine: Machine, plan: AgentPlan): Promise<void> {
  const command = agentCommand(plan);
  if (plan.program === 'tandem' && (await machine.exec(isRunning(command))).status === 0) return;
  await mustExec(machine, agentScript(command));
  await waitFor(`the agent of ${machine.name} (its log: ${AGENT_LOG})`, AGENT_SECONDS, async () => {
    const { status } = await machine.exec(IS_LISTENING);
    return status === 0 || undefined;
  });
}

const AGENT_SECONDS = 180;
/** After a failure to start: the logs tell why, nothing else is left. */
async function fallen(): Promise<void> {
  keepLogs(join(ARTEFACTS, 'not-up'));
  console.error(`the logs are kept in ${ARTEFACTS}/not-up`);
  await down();
}

/** Ends all processes of the lab and removes its folder, whatever state they are in. */
export async function down(): Promise<void> {
  for (let left = labProcesses(); left.length > 0; left = labProcesses().filter(isAlive)) await end(left);
  rmSync(RUN, { recursive: true, force: true });
}
