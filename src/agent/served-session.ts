import { TandemError } from '../base/errors.ts';
import { Journal } from '../kernel/journal.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import type { CaptureThreads } from '../record/capture-threads.ts';
import type { KernelSymbols } from '../record/kernel-texts.ts';
import { randomId } from '../record/native.ts';
import { isLatencyTracer, type RecordPlan } from '../record/plan.ts';
import { createMarkerInstance, withExits } from '../sampler/marker-instance.ts';
import { kvmEvents } from '../sync/protocols/kvm-events.ts';
import { chooseProtocol } from '../sync/registry.ts';
import { printable } from '../transport/address.ts';
import type { Connection } from '../transport/connection.ts';
import type { TraceRequest } from '../wire/agent-session.ts';
import type { AgentLog } from './agent-log.ts';
import { type AllowedOption, readAllowedOptions } from './allowed-options.ts';
import { ClockAnswers } from './clock-answers.ts';
import { AgentControl } from './control.ts';
import { DataPorts } from './data-ports.ts';
import { StreamedRecording } from './streamed-recording.ts';

/**
 * From the answer until all data ports are connected. In between recorders measure clocks, this guest's and others', and
 * some take minutes. One that is gone is noticed sooner, by its control connection.
 */
const CONNECT_MS = 300_000;
const CONNECT_MS_PER_CPU = 2000;
/** From a request to end until the last measurements are made. */
const LAST_ROUND_MS = 10_000;
const LAST_ROUND_MS_PER_CPU = 1000;
/** A recorder that takes no data for so long when the trace is over gets no more. */
const STALL_MS = 10_000;
/** The same, of one that has not asked for the end: it may be gone. */
const LAST_DATA_MS = 2000;

/** What a session has of its agent. */
export interface SessionSetting {
  readonly tracefs: Tracefs;
  readonly symbols: KernelSymbols;
  readonly threads: CaptureThreads;
  readonly log: AgentLog;
  /** The instance that is recorded; '' for the top buffer. */
  readonly instance: string;
  /** What the options of a request mean. Throws a TandemError where they make no sense. */
  readonly planOf: (options: readonly AllowedOption[]) => RecordPlan;
  /** Rejects when the agent has to end. */
  readonly ended: Promise<never>;
}

/** One recorder, from its connection until everything is as it was before. */
export class ServedSession {
  readonly #connection: Connection;
  readonly #setting: SessionSetting;
  readonly #control: AgentControl;
  readonly #journal = new Journal();
  #data: DataPorts | undefined;
  #clock: ClockAnswers | undefined;
  #recording: StreamedRecording | undefined;
  #isEnding = false;

  constructor(connection: Connection, setting: SessionSetting) {
    this.#connection = connection;
    this.#setting = setting;
    this.#control = new AgentControl(connection, {
      unexpected: (command) => setting.log.warn(`${this.peer}: sent ${command}, which makes no sense here`),
    });
  }

  get peer(): string {
    return this.#control.peer;
  }

  /** Whether the recorder has what it wanted, or is lost, and only clearing up is left. */
  get isEnding(): boolean {
    return this.#isEnding || this.#control.isOver;
  }

  /** Serves the recorder. Never rejects: what goes wrong is logged. */
  async run(): Promise<void> {
    const { log } = this.#setting;
    try {
      await this.#serve(await this.#or(this.#control.request));
    } catch (error) {
      const message = error instanceof TandemError ? error.message : String((error as Error).stack);
      log.warn(error instanceof TandemError && error.subject === this.peer ? message : `${this.peer}: ${message}`);
      this.#control.refuse((error as Error).message);
    }
    this.#isEnding = true;
    try {
      await this.#clearUp();
    } catch (error) {
      log.warn(String((error as Error).stack));
    }
  }

  /** Puts the kernel back in one go, when the program ends at once. */
  putBack(): void {
    for (const problem of this.#journal.undo()) this.#setting.log.warn(problem);
  }

  async #serve(request: TraceRequest): Promise<void> {
    const { log, tracefs, symbols, threads } = this.#setting;
    log.debug(`${this.peer}: asks for: ${request.args.map(printable).join(' ')}`);
    const plan = this.#planOf(request.args);
    threads.prepare();
    // All that can fail, and all that would disturb the first measurements, comes before the answer.
    const recording = new StreamedRecording(plan, tracefs, this.#journal);
    this.#recording = recording;
    await this.#or(recording.prepared);
    const traceId = randomId();
    const metadata = await recording.metadata(traceId, symbols);
    const { cpuCount, pageSize } = recording;
    const rejected = (peer: string, why: string): void => log.warn(`${peer}: tried to connect, but ${why}`);
    const data = new DataPorts(this.#connection, cpuCount, request.useFifos, { rejected });
    this.#data = data;
    const syncProtocol = this.#openClock(request, recording.clock, rejected);
    this.#control.respond({
      ...{ useFifos: data.useFifos, pageSize, traceId, ports: data.ports },
      ...{ syncProtocol, syncPort: this.#clock?.port ?? 0 },
    });
    this.#clock?.start();
    this.#control.sendMetadata(metadata);
    log.debug(`${this.peer}: ${cpuCount} CPUs by ${data.useFifos ? 'FIFOs' : `ports ${data.ports.join(', ')}`}`);

    const limit = CONNECT_MS + CONNECT_MS_PER_CPU * cpuCount;
    const connected = data.connected(this.peer, limit);
    const outputs = await this.#or(Promise.race([connected, this.#control.closeRequested]));
    if (outputs !== undefined) {
      await recording.start(threads, outputs);
      log.info(`${this.peer}: recording ${request.args.map(printable).join(' ')}`);
      const failed = recording.failure().then((problem) => {
        throw new TandemError('PEER', this.peer, `the trace ends here: ${problem}`);
      });
      await this.#or(Promise.race([failed, this.#control.closeRequested]));
    }
    await this.#finish(cpuCount);
  }

  /** The clock's measuring, as far as both ends want it and can do it. Returns the name of the protocol, or ''. */
  #openClock(request: TraceRequest, clock: string, rejected: (peer: string, why: string) => void): string {
    const { tracefs, log } = this.#setting;
    const abilities = { readsVcpuTsc: false, tracesVcpus: false };
    const protocol = chooseProtocol(request.syncProtocols ?? [], 'guest', clock, abilities);
    if (protocol === undefined) return '';
    const markers = createMarkerInstance(tracefs, this.#journal, clock);
    const instance = protocol === kvmEvents ? withExits(markers, tracefs) : markers;
    const source = { protocol: protocol.name, instance };
    const warn = (line: string): void => log.warn(line);
    this.#clock = new ClockAnswers(this.#connection, source, this.peer, { rejected, warn });
    log.debug(`${this.peer}: ${protocol.name} time sync of clock ${clock} by port ${this.#clock.port}`);
    return protocol.name;
  }

  /** The recorder wants no more: it measures once more, and gets the rest. */
  async #finish(cpuCount: number): Promise<void> {
    const { log } = this.#setting;
    await this.#or(this.#clock?.end(LAST_ROUND_MS + LAST_ROUND_MS_PER_CPU * cpuCount) ?? Promise.resolve());
    for (const problem of (await this.#recording?.stop(STALL_MS)) ?? []) log.warn(problem);
    this.#data?.close();
    this.#isEnding = true;
    this.#control.confirmEnd();
    const { events, lost } = this.#recording?.counts() ?? { events: 0, lost: 0 };
    log.info(`${this.peer}: recorded ${events} events`);
    if (lost > 0) log.warn(`${this.peer}: ${lost} events were lost: larger buffers (-b) keep more`);
  }

  async #clearUp(): Promise<void> {
    await this.#clock?.abandon();
    await this.#recording?.stop(LAST_DATA_MS);
    this.#data?.close();
    this.putBack();
    void this.#control.close();
  }

  #planOf(args: readonly string[]): RecordPlan {
    const { planOf, instance } = this.#setting;
    const plan = planOf(readAllowedOptions(args));
    const [top] = plan.buffers as [RecordPlan['buffers'][number]];
    if (isLatencyTracer(top.tracer)) {
      throw new TandemError('USAGE', `-p ${top.tracer}`, 'gives a text, not events, which an agent can not send');
    }
    return { ...plan, buffers: [{ ...top, name: instance }] };
  }

  /** Waits for it as long as the session and the agent last. */
  #or<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([promise, this.#control.lost, this.#setting.ended]);
  }
}
