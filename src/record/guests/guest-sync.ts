import { TandemError } from '../../base/errors.ts';
import { within } from '../../base/within.ts';
import { createMarkerInstance, hasRunEvents, type MarkerInstance, withRuns } from '../../sampler/marker-instance.ts';
import { Sampler, type SamplingResult } from '../../sampler/sampler.ts';
import type { HostSamplerOptions } from '../../sampler/types.ts';
import { countSameUnit, isTscClock, kernelClock } from '../../sync/clocks.ts';
import { kvmEvents } from '../../sync/protocols/kvm-events.ts';
import { offeredProtocols, protocolNamed } from '../../sync/registry.ts';
import { timeShiftOf } from '../../sync/time-shift.ts';
import type { Measurement } from '../../sync/types.ts';
import type { TimeShift } from '../../time/types.ts';
import type { Connection } from '../../transport/connection.ts';
import { KVM_NAME } from '../../wire/time-sync/kvm.ts';
import { type FoundGuest, namesVcpus, unreadableTsc, vcpuThreads } from './found-guest.ts';
import type { GuestContext } from './guest-context.ts';
import { ProbeLog } from './probe-log.ts';

/** A guest's CPU can be away for long, but not for ever. */
const PROBE_TIMEOUT_MS = 5_000;
/** The thread that answers has to start first: seconds, where a guest is slow. */
const FIRST_PROBE_TIMEOUT_MS = 20_000;
/** The recording begins without measured clocks after that; they go on being measured. */
const FIRST_ROUND_TIMEOUT_MS = 90_000;
const LAST_ROUND_TIMEOUT_MS = 60_000;

/** The clock of one guest: how it is measured, and what became of that. */
export class GuestSync {
  readonly #known: () => FoundGuest;
  readonly #context: GuestContext;
  /** Name of the guest's trace clock, by the kernel. */
  readonly #clock: string;
  readonly #logPath: string;
  /** Says what went wrong, of this guest. */
  readonly #warn: (problem: string) => void;
  #protocol = '';
  #cpuCount = 0;
  #roundMs = 0;
  #connection: Connection | undefined;
  #sampler: Sampler | undefined;
  #sampled: SamplingResult | undefined;
  #log: ProbeLog | undefined;

  /** `known`: what is known of the guest by now. `logPath`: where its probes are stored, if they are to be. */
  constructor(
    known: () => FoundGuest,
    clock: string,
    logPath: string,
    context: GuestContext,
    warn: (problem: string) => void,
  ) {
    this.#known = known;
    this.#clock = clock;
    this.#logPath = logPath;
    this.#context = context;
    this.#warn = warn;
  }

  get #guest(): FoundGuest {
    return this.#known();
  }

  /** Names of the protocols that both clocks allow; undefined when none is wanted. */
  offers(): string[] | undefined {
    const { sync, hostClock, tracefs } = this.#context;
    if (sync.intervalMs < 0) return undefined;
    // The hypervisor's numbers relate TSCs, on both sides.
    const readsVcpuTsc = this.#guest.kvmFolder !== undefined && isTscClock(this.#clock) && isTscClock(hostClock);
    const tracesVcpus = countSameUnit(this.#clock, hostClock) && hasRunEvents(tracefs) && namesVcpus(this.#guest);
    const role = this.#guest.address.kind === 'tcp' ? 'client' : 'host';
    return offeredProtocols(role, hostClock, { readsVcpuTsc, tracesVcpus });
  }

  /** Why the protocol that the guest chose can not be used with so many CPUs; undefined where it can. */
  obstacle(protocol: string, cpuCount: number): string | undefined {
    return protocol === KVM_NAME ? unreadableTsc(this.#guest, cpuCount) : undefined;
  }

  /** Gets ready to measure by the protocol that was agreed on. `connect` gives the connection for it. */
  async open(protocol: string, cpuCount: number, connect: () => Promise<Connection>): Promise<void> {
    this.#protocol = protocol;
    this.#cpuCount = cpuCount;
    await this.#orUnmeasured(async () => {
      this.#connection = await connect();
    });
  }

  /** Measures from now on. Resolves after the first round, or when it is taking too long. */
  async start(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    const begin = performance.now();
    await this.#orUnmeasured(async () => {
      this.#sampler = this.#startSampler(connection);
      await this.#firstRound(this.#sampler);
    });
    this.#roundMs = performance.now() - begin;
  }

  /** How long its first round took. */
  get roundMs(): number {
    return this.#roundMs;
  }

  async #orUnmeasured(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.#warn(`its clock stays unmeasured: ${error.message}`);
    }
  }

  #startSampler(connection: Connection): Sampler {
    const { sync } = this.#context;
    const { pid, kvmFolder, name } = this.#guest;
    const log = sync.log ? this.#openLog() : undefined;
    const options: HostSamplerOptions = {
      ...{ fd: connection.fd, protocol: this.#protocol, cpuCount: this.#cpuCount, peer: `guest ${name}` },
      ...{ timeoutMs: PROBE_TIMEOUT_MS, firstTimeoutMs: FIRST_PROBE_TIMEOUT_MS, intervalMs: sync.intervalMs },
      instance: this.#instance(),
      // No other protocol has a use for it, and it may not fit.
      vm: pid === undefined || kvmFolder === undefined || this.#protocol !== KVM_NAME ? undefined : { pid, kvmFolder },
      wantsProbes: log !== undefined,
    };
    return Sampler.startHost(options, { measured: (measurement) => log?.add(measurement) });
  }

  #openLog(): ProbeLog {
    const header = {
      ...{ guest: this.#guest.name, protocol: this.#protocol, cpuCount: this.#cpuCount },
      ...{ guestClock: this.#clock, hostClock: this.#context.hostClock },
    };
    this.#log = new ProbeLog(this.#logPath, header, this.#warn);
    return this.#log;
  }

  /** With the runs of its vCPUs, where the protocol is by them. */
  #instance(): MarkerInstance {
    const { tracefs, journal, hostClock } = this.#context;
    const instance = createMarkerInstance(tracefs, journal, kernelClock(hostClock));
    if (this.#protocol !== kvmEvents.name) return instance;
    try {
      return withRuns(instance, tracefs, vcpuThreads(this.#guest, this.#cpuCount));
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.#warn(`when its vCPUs run is not known: ${error.message}`);
      return instance;
    }
  }

  async #firstRound(sampler: Sampler): Promise<void> {
    const round = await within(sampler.firstRound, FIRST_ROUND_TIMEOUT_MS);
    if (round === undefined) {
      this.#warn(`its clock was not measured within ${FIRST_ROUND_TIMEOUT_MS / 1000} s: recording begins without`);
      return;
    }
    for (const problem of round.problems) this.#warn(problem);
    const [first] = sampler.measurements;
    if (first !== undefined) this.#context.tell(`  ${offsetText(first, this.#context.hostClock)}`);
  }

  /** Measures once more, and ends. `isLost`: the guest is gone, which was told already. */
  async stop(isLost: boolean): Promise<void> {
    if (this.#sampler !== undefined) this.#sampled = await this.#sampler.stop(LAST_ROUND_TIMEOUT_MS);
    this.#log?.close();
    this.#connection?.close();
    if (this.#sampled === undefined) return;
    if (isLost) return;
    for (const problem of this.#sampled.problems) this.#warn(problem);
    if (this.#sampled.failure !== undefined) {
      this.#warn(`its clock could not be measured to the end: ${this.#sampled.failure}`);
    }
  }

  /** Ends without measuring: the other end may be gone. */
  async abandon(): Promise<void> {
    this.#connection?.shutdown();
    await this.#sampler?.stop(LAST_ROUND_TIMEOUT_MS);
    this.#log?.close();
    this.#connection?.close();
  }

  get #measurements(): readonly Measurement[] {
    return this.#sampled?.measurements ?? [];
  }

  /** What goes into the guest's file; undefined when nothing was measured. */
  timeShift(): TimeShift | undefined {
    const protocol = protocolNamed(this.#protocol);
    if (protocol === undefined) return undefined;
    const shift = timeShiftOf({
      ...{ protocol, measurements: this.#measurements, cpuCount: this.#cpuCount },
      ...{ guestClock: this.#clock, peerTraceId: this.#context.traceId },
    });
    if (shift === undefined) this.#warn('its clock was never measured: its times are its own');
    return shift;
  }
}

/** For people. */
function offsetText({ sample: { offset, bound } }: Measurement, clock: string): string {
  const unit = isTscClock(clock) ? 'ticks' : 'ns';
  const error = bound === undefined ? 'error unknown' : `+/- ${bound} ${unit}`;
  return `clock offset ${offset} ${unit}, ${error}`;
}
