import { closeSync, openSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { TandemError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { fsError } from '../../kernel/os-error.ts';
import { EnteredVcpus } from '../../sampler/entered-vcpus.ts';
import type { GuestInfo } from '../../trace-file/types.ts';
import { addressText, atPort } from '../../transport/address.ts';
import { connect } from '../../transport/connect.ts';
import type { Connection } from '../../transport/connection.ts';
import { openHostFifos } from '../../transport/fifos.ts';
import type { TraceResponse } from '../../wire/host-session.ts';
import { checkWritable, TemporaryFiles } from '../temporary-files.ts';
import { Control } from './control.ts';
import { type FoundGuest, guestOutput, hidesVcpus, reachedAt, vcpuThreads } from './found-guest.ts';
import { agentArgs } from './guest-clock.ts';
import type { GuestContext } from './guest-context.ts';
import { writeGuestFile } from './guest-file.ts';
import { namedClock } from './guest-plan.ts';
import { GuestSync } from './guest-sync.ts';
import { Receiver } from './receiver.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** For an agent to notice that a session has ended before it began. */
const FORGET_TIMEOUT_MS = 10_000;
const FORGET_PAUSE_MS = 200;
/** An agent that was asked for the end, and neither confirms it nor sends any data for so long, hangs. */
const STALL_TIMEOUT_MS = 10_000;
/** From the end of an agent's trace to the end of its data. */
const DRAIN_TIMEOUT_MS = 10_000;

/** Where one guest's recording is, in a word for people. */
export type GuestState =
  | 'connecting'
  | 'connected'
  | 'measuring its clock'
  | 'clock measured'
  | 'recording'
  | 'lost'
  | 'ended';

/**
 * One guest from its connection to its file. The steps in their order: `request`, `measureFirst`, `openData`; `close`,
 * `measureLast`, `finish`; `assemble`. The first three throw when it can't be recorded. Afterwards what goes wrong is
 * told, and what there is is kept.
 */
export class GuestSession {
  readonly output: string;
  readonly #context: GuestContext;
  readonly #files: TemporaryFiles;
  readonly #sync: GuestSync;
  #guest: FoundGuest;
  #state: GuestState = 'connecting';
  #connection: Connection | undefined;
  #control: Control | undefined;
  #response: TraceResponse | undefined;
  #fifos: readonly number[] = [];
  #data: readonly Connection[] = [];
  #receiver: Receiver | undefined;
  #watch: EnteredVcpus | undefined;
  /** Threads of its vCPUs by their ids, where it took watching to find them. */
  #entered: ReadonlyMap<number, number> | undefined;
  /** Threads of its vCPUs, by its CPU numbers, as far as they were ever known: a VM that ends takes them along. */
  #threads: readonly number[] = [];
  #metadataFd = -1;
  #metadataProblem: unknown;
  #isAbandoned = false;
  /** What ended its session before its time. */
  #loss: TandemError | undefined;

  constructor(guest: FoundGuest, context: GuestContext) {
    this.#guest = guest;
    this.#context = context;
    this.output = guestOutput(context.hostOutput, guest.name);
    this.#files = TemporaryFiles.of({ output: this.output, temporaryFolder: context.temporaryFolder });
    const clock = namedClock(guest.args) ?? context.hostClock;
    this.#sync = new GuestSync(
      () => this.guest,
      clock,
      `${this.output}.tsync`,
      context,
      (problem) => this.#warn(problem),
    );
    checkWritable(this.output, this.#files);
  }

  /** More of it is known once its agent was reached. */
  get guest(): FoundGuest {
    return this.#guest;
  }

  get state(): GuestState {
    return this.#state;
  }

  /** Bytes of trace data so far. */
  get bytes(): number {
    return this.#receiver?.bytes ?? 0;
  }

  /** Connects to the agent, asks it to record, and connects to where its clock is measured. */
  async request(): Promise<void> {
    let response = await this.#ask();
    // How many CPUs a guest has is known only now.
    const obstacle = this.#sync.obstacle(response.syncProtocol, response.ports.length);
    if (obstacle !== undefined) {
      this.#context.tell(`${this.peer}: no ${response.syncProtocol} time sync: ${obstacle}`);
      response = await this.#askAgain(response.syncProtocol);
    }
    this.#response = response;
    const { syncProtocol, syncPort, ports } = response;
    if (this.#state === 'connecting') this.#state = 'connected';
    if (syncProtocol === '') return;
    // At once: an agent does not wait for that while other guests are measured.
    await this.#sync.open(syncProtocol, ports.length, () =>
      this.#connect(atPort(this.#peerAddress, syncPort), 'its port for time sync can not be reached'),
    );
  }

  /** Connects to the agent, and asks it to record. `impossible`: a protocol that it is not to choose. */
  async #ask(impossible?: string): Promise<TraceResponse> {
    const { traceId, hostClock, date, useFifos, tracefs, journal } = this.#context;
    const connection = await this.#connect(this.#guest.address, 'its agent can not be reached');
    this.#connection = connection;
    this.#guest = reachedAt(this.#guest, connection.peer);
    const { guest, peer } = this;
    if (hidesVcpus(guest)) this.#watch ??= EnteredVcpus.watch(guest.pid as number, tracefs, journal);
    if (useFifos && guest.address.kind !== 'tcp' && this.#fifos.length === 0) this.#fifos = openHostFifos(guest.name);
    const control: Control = new Control(
      connection,
      {
        peer,
        portKind: guest.address.kind === 'tcp' ? 'tcp' : 'vsock',
        request: {
          ...{ traceId, useFifos: this.#fifos.length > 0 },
          args: agentArgs(guest, hostClock, date),
          syncProtocols: this.#sync.offers()?.filter((name) => name !== impossible),
        },
      },
      {
        metadata: (bytes) => {
          if (control === this.#control) this.#keepMetadata(bytes);
        },
        unexpected: (command) => this.#context.warn(`${peer}: sent ${command}, which makes no sense here`),
      },
    );
    this.#control = control;
    void control.failure.then((error) => {
      if (control === this.#control) this.#lose(error);
    });
    return control.request();
  }

  /** As `#ask`. An agent may be busy with the session before, which it was asked to forget, for a moment. */
  async #askAgain(impossible: string): Promise<TraceResponse> {
    const deadline = performance.now() + FORGET_TIMEOUT_MS;
    for (;;) {
      this.#hangUp();
      try {
        return await this.#ask(impossible);
      } catch (error) {
        const isRefused = error instanceof TandemError && error.code === 'PEER';
        if (!isRefused || this.#isAbandoned || performance.now() > deadline) throw error;
        await sleep(FORGET_PAUSE_MS);
      }
    }
  }

  /** Ends a session that has come no further than the agent's answer. */
  #hangUp(): void {
    this.#connection?.shutdown();
    if (!this.#isAbandoned) this.#state = 'connecting';
    this.#loss = undefined;
    this.#control?.dispose();
    this.#control = undefined;
    this.#connection?.close();
    if (this.#metadataFd >= 0) closeSync(this.#metadataFd);
    this.#metadataFd = -1;
  }

  /** Waits for the first round of measurements. Recording goes on without, if it fails. */
  async measureFirst(): Promise<void> {
    const { syncProtocol: protocol } = this.#agreed;
    if (protocol === '') {
      if (this.#context.sync.intervalMs >= 0) this.#warn('its agent has no time sync: its clock stays unmeasured');
      return;
    }
    this.#state = 'measuring its clock';
    this.#context.tell(`Negotiated ${protocol} time sync protocol with guest ${this.guest.name}`);
    await this.#sync.start();
    if (this.#state === 'measuring its clock') this.#state = 'clock measured';
    this.#control?.roundEnded();
  }

  /** How long measuring its clock takes, ms. */
  get roundMs(): number {
    return this.#sync.roundMs;
  }

  /** Waits for the guest's metadata, then takes its data. The agent switches tracing on by itself. */
  async openData(): Promise<void> {
    const { ports, useFifos } = this.#agreed;
    // By now it was asked something on each of its CPUs.
    this.#entered = this.#watch?.end();
    this.#findThreads(ports.length);
    await this.#control?.metadataEnd;
    if (this.#metadataProblem !== undefined) throw this.#metadataProblem;
    if (this.#metadataFd >= 0) closeSync(this.#metadataFd);
    this.#metadataFd = -1;
    if (useFifos && this.#fifos.length !== ports.length) {
      this.#warn(`it has ${ports.length} CPUs, but there are FIFOs for ${this.#fifos.length}`);
    }
    const fds = useFifos ? this.#fifos.slice(0, ports.length) : await this.#connectData(ports);
    const receiver = new Receiver(fds.map((fd, cpu) => ({ fd, outputPath: this.#files.cpu('', cpu) })));
    this.#receiver = receiver;
    await receiver.ready;
    void receiver.ended.then((problem) => {
      if (problem !== undefined) this.#lose(new TandemError('IO', this.peer, problem, 'what came before is kept'));
    });
    this.#state = this.#control?.isRecording ? 'recording' : 'lost';
    if (this.#loss !== undefined) this.#context.warn(this.#loss.message);
  }

  async #connectData(ports: readonly number[]): Promise<number[]> {
    const connections: Connection[] = [];
    this.#data = connections;
    for (const [cpu, port] of ports.entries()) {
      const address = atPort(this.#peerAddress, port);
      connections.push(await this.#connect(address, `its port for the data of CPU ${cpu} can not be reached`));
    }
    return connections.map(({ fd }) => fd);
  }

  /** Asks the agent to end its trace. */
  close(): void {
    this.#control?.close();
  }

  /** Gives it up: its agent sees the connection end. */
  abandon(): void {
    this.#isAbandoned = true;
    this.#state = 'lost';
    this.#connection?.shutdown();
    for (const connection of this.#data) connection.shutdown();
  }

  /** Makes a step that was waited for the last one. */
  #mustGoOn(): void {
    if (this.#isAbandoned) throw new TandemError('IO', this.peer, 'was given up');
  }

  /** Measures its clock for the last time. */
  async measureLast(): Promise<void> {
    await this.#sync.stop(this.#state === 'lost');
    this.#control?.roundEnded();
  }

  /** Waits until the agent sent everything. */
  async finish(): Promise<void> {
    if (this.#isAbandoned) await this.#sync.abandon();
    const hangs = this.#state === 'recording' && !(await this.#endsInTime());
    const receiver = this.#receiver;
    if (receiver !== undefined) {
      // FIFOs have no end: what is there now is all.
      if (this.#agreed.useFifos || hangs) receiver.stop();
      const all = receiver.ended.then(() => true);
      if ((await within(all, DRAIN_TIMEOUT_MS)) === undefined) {
        this.#warn(`its data did not end within ${DRAIN_TIMEOUT_MS / 1000} s: what came is kept`);
        receiver.stop();
        await receiver.ended;
      }
    }
    this.dispose();
    if (this.#state === 'recording') this.#state = 'ended';
  }

  /** Waits for the session's end as long as data comes. False when the agent hangs. */
  async #endsInTime(): Promise<boolean> {
    // What ended it before its time was told when it happened.
    const ended = this.#control?.ended.then(
      () => true,
      () => true,
    );
    for (let before = -1; before !== this.bytes; ) {
      before = this.bytes;
      if (ended === undefined || (await within(ended, STALL_TIMEOUT_MS))) return true;
    }
    const problem = `neither confirmed the end of its trace nor sent data within ${STALL_TIMEOUT_MS / 1000} s`;
    this.#lose(new TandemError('TIMEOUT', this.peer, problem, 'what came is kept'));
    return false;
  }

  /** Closes what is still open. */
  dispose(): void {
    this.#control?.dispose();
    for (const connection of [...this.#data, this.#connection]) connection?.close();
    for (const fd of this.#fifos) closeSync(fd);
    this.#fifos = [];
  }

  /** What the host's file tells of it; undefined when its agent never answered. */
  info(): GuestInfo | undefined {
    if (this.#response === undefined) return undefined;
    const { traceId, ports } = this.#response;
    this.#findThreads(ports.length);
    return { name: this.guest.name, traceId, vcpus: this.#threads.map((pid, cpu) => ({ cpu, pid })) };
  }

  #findThreads(cpuCount: number): void {
    const now = vcpuThreads(this.guest, cpuCount, this.#entered);
    this.#threads = now.map((thread, cpu) => (thread < 0 ? (this.#threads[cpu] ?? -1) : thread));
  }

  /** Makes its file and removes the temporary ones. Returns its size in bytes. */
  async assemble(): Promise<number> {
    const { tsc } = this.#context;
    const cpus = (this.#receiver?.tasks ?? []).map(({ outputPath }) => outputPath);
    const size = await writeGuestFile({
      ...{ output: this.output, metadata: this.#files.metadata, cpus, pageSize: this.#agreed.pageSize },
      ...{ timeShift: this.#sync.timeShift(), tsc },
    });
    this.removeTemporaryFiles();
    return size;
  }

  /** Together, at the next undoing of the journal: of some of them no whole trace could be restored. */
  removeTemporaryFiles(): void {
    const cpus = (this.#receiver?.tasks ?? []).map(({ outputPath }) => outputPath);
    this.#context.journal.ownFiles([this.#files.metadata, ...cpus]);
  }

  /** The other end in words: the subject of all errors. */
  get peer(): string {
    return `guest ${this.guest.name} (agent at ${addressText(this.guest.address)})`;
  }

  /** Where its agent really was found: the data is there too, whatever the guest is called. */
  get #peerAddress(): Connection['peer'] {
    return (this.#connection as Connection).peer;
  }

  get #agreed(): TraceResponse {
    if (this.#response === undefined) throw new Error('the agent has not answered yet');
    return this.#response;
  }

  async #connect(address: Connection['peer'], problem: string): Promise<Connection> {
    this.#mustGoOn();
    try {
      const connection = await connect(address, CONNECT_TIMEOUT_MS);
      if (this.#isAbandoned) connection.close();
      this.#mustGoOn();
      return connection;
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      throw new TandemError(error.code, this.peer, `${problem}: ${error.message}`, undefined, { cause: error });
    }
  }

  #keepMetadata(bytes: Uint8Array): void {
    const path = this.#files.metadata;
    try {
      if (this.#metadataFd < 0) this.#metadataFd = openSync(path, 'w', 0o600);
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#metadataFd, bytes, done);
    } catch (error) {
      this.#metadataProblem ??= fsError(error, path, 'can not be written');
    }
  }

  /** The session is over before its time. Before it began, whoever waits for a step is told. */
  #lose(error: TandemError): void {
    if (this.#state === 'recording') this.#context.warn(error.message);
    this.#state = 'lost';
    this.#loss = error;
  }

  #warn(problem: string): void {
    this.#context.warn(`${this.peer}: ${problem}`);
  }
}
