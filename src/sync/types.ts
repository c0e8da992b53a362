import type { SyncSample } from '../time/types.ts';

/*
 * What the parts of time synchronisation say to each other. A *round* asks every guest CPU in turn; what a protocol
 * finds out about one CPU in one round is a *measurement*, made of many *probes*: messages there and back, with
 * the stamps that both clocks gave them.
 */

/**
 * Which end of a session a protocol runs at. `host` and `guest` are a hypervisor and its virtual machine; `client`
 * and `server` are machines that only know each other by network (the client records, the server is the agent).
 */
export type SyncRole = 'host' | 'guest' | 'client' | 'server';

/**
 * Stamps of the probes of one measurement, in units of the recorded clocks; 0 where a stamp is missing. Probe k is
 * the k-th place of each list: it left the guest at guestSend, and its echo was back at guestReceive. The host may
 * have stamped once for both directions. A peer that only speaks `ptp` keeps the guest's stamps to itself. A stamp that
 * the guest made without a message is a probe that only has guestSend.
 */
export interface Probes {
  readonly count: number;
  /** Guest clock, before the probe was sent. */
  readonly guestSend: BigUint64Array;
  /** Host clock, when it arrived. */
  readonly hostReceive: BigUint64Array;
  /** Host clock, before the echo was sent. */
  readonly hostSend: BigUint64Array;
  /** Guest clock, when the echo arrived. */
  readonly guestReceive: BigUint64Array;
  /** When the guest's vCPU ran meanwhile, where the host saw it. */
  readonly runs?: VcpuRuns | undefined;
}

/**
 * When a vCPU can have run guest code, by the host's clock: from entries[k] to exits[k], both included, ascending.
 * 0 where an end is not known: the first kvm_entry, and the last kvm_exit.
 */
export interface VcpuRuns {
  readonly entries: BigUint64Array;
  readonly exits: BigUint64Array;
}

/** What probes say of the offset: of all the limits that they set, those that say the most. */
export interface BurstLimits {
  /** How the offset changes within the burst, per unit of guest time; 0 for clocks that count the same. */
  readonly slope: number;
  /**
   * Three numbers for each, in the order of the burst: 1 if it is a limit from above, else 0; its time, and the offset
   * that is the most or the least possible then, relative to the measurement's sample.
   */
  readonly strictest: Float64Array;
}

/** What one round found out about one guest CPU. Sessions are long: they keep it without its probes. */
export interface Measurement {
  readonly cpu: number;
  /** Its bound is half of the fastest round trip at least; 0 where the hypervisor's own number was read. */
  readonly sample: SyncSample;
  /** Undefined where the protocol does not probe, or the guest keeps its stamps to itself. */
  readonly limits: BurstLimits | undefined;
  /** What it was made of, if the protocol probes. */
  readonly probes: Probes | undefined;
}

/**
 * Stamps of the own trace clock. Marks are made while probes are on their way, so they must be cheap: reading what
 * they were comes afterwards.
 */
export interface Stamper {
  /** Forgets all stamps. `slots` is how many different ones there may be. */
  begin(slots: number): void;
  /** Stamps this moment under a slot, 0 and up. */
  mark(slot: number): void;
  /** The stamps by slot; 0 where one is missing. Valid until the next `begin`. */
  read(): BigUint64Array;
  /**
   * When the kernel woke this thread between a slot's mark and the one of the slot before, as it does when what the
   * thread waits for arrives; 0 where it did not do so exactly once, or nobody knows. After `read`, valid as long.
   */
  wakings(): BigUint64Array;
}

/**
 * One end of the connection that the two samplers of a session share, for one protocol. All calls block, with a time
 * limit, and throw a `TandemError` that names the step; none allocates.
 */
export interface SyncLink {
  /** The other end, for errors. */
  readonly peer: string;
  /** Where the payload of the next message that is sent goes, from its first byte on. */
  readonly output: DataView;
  /** Sends a message of this protocol with the first `length` bytes of `output`, in one write. */
  send(id: number, length: number): void;
  /** Waits until the header of the next message is here, and returns its id. Its payload may still be on its way. */
  receive(): number;
  /**
   * Waits for the payload of the received message, and returns its length; it is at the start of `input`. Once per
   * message, before the next `receive`; something may be sent in between.
   */
  payload(): number;
  readonly input: DataView;
}

/** What the hypervisor says of one vCPU's TSC: guest = ((host * scaling) >> fraction) + offset. */
export interface VcpuTsc {
  readonly offset: bigint;
  /** 1 with fraction 0 where the guest's TSC counts as fast as the host's. */
  readonly scaling: bigint;
  readonly fraction: number;
}

/** Watches when the host runs a guest's CPU, by the same trace and clock as the markers. */
export interface RunWatch {
  /** Watches that CPU of the guest from now on. */
  begin(cpu: number): void;
  /** Watches no more. */
  end(): void;
  /** After `end`, and after the markers were read. Undefined where that is not known. */
  runs(): VcpuRuns | undefined;
}

/** What a protocol has to work with on the host's (client's) side. */
export interface HostTools {
  readonly link: SyncLink;
  /** The host's clock, by markers in the trace. */
  readonly markers: Stamper;
  /** CLOCK_MONOTONIC_RAW, for peers that ask for it. */
  readonly systemClock: Stamper;
  /** Reads what the hypervisor says of a vCPU; undefined where this machine does not run the guest. */
  readonly vcpuTsc: ((cpu: number) => VcpuTsc) | undefined;
  /** Undefined where the guest is no virtual machine of this machine, or its threads or events are not known. */
  readonly runWatch: RunWatch | undefined;
  /** Asks the guest to begin its part of a measurement of that CPU. */
  ask(cpu: number): void;
  readonly burst: Burst;
  /** This machine's time in ms, with fractions: any clock that only goes forward. Tells when enough was measured. */
  now(): number;
}

/**
 * Does what the other end waits for, awake and ahead of ordinary threads. Not for protocols that other programs speak:
 * with a peer that falls asleep meanwhile, the way to it takes longer than the way back.
 */
export type Burst = <T>(work: () => T) => T;

/** What a protocol has to work with on the guest's (server's) side. The thread runs on the CPU in question. */
export interface GuestTools {
  readonly link: SyncLink;
  /** The guest's clock, by markers in the trace. */
  readonly markers: Stamper;
  readonly burst: Burst;
  /**
   * Makes the CPU exit to its hypervisor again and again, if it is a virtual one, and stamps next to that. At most so many
   * stamps, ascending; those of the markers are forgotten.
   */
  stampExits(most: number): BigUint64Array;
  /** As the host's. */
  now(): number;
}

/**
 * The host's side of one session. `measure` asks for the guest's part and does its own; it throws a `TandemError` when
 * the peer's messages make no sense, or none come.
 */
export interface HostSide {
  measure(cpu: number): Measurement;
}

/** The guest's side of one session. `answer` is called when the host has asked for a CPU. */
export interface GuestSide {
  answer(cpu: number): void;
}

/** What decides whether a protocol is possible on this machine. */
export interface Abilities {
  /** The guest is a KVM virtual machine of this machine, and its debugfs files are sound. */
  readonly readsVcpuTsc: boolean;
  /** The guest is one, both ends' clocks count the same unit, and its vCPUs' kvm_entry and kvm_exit can be traced. */
  readonly tracesVcpus: boolean;
}

/** A way to measure how a guest's clock relates to the host's. One file in `protocols`, one line in the registry. */
export interface SyncProtocol {
  /** At most 15 ASCII characters: the name by which both ends know it. */
  readonly name: string;
  /** Nanoseconds, about. Of the protocols that both ends have, the lowest wins. */
  readonly accuracy: number;
  /** Flags stored in TIME_SHIFT. */
  readonly flags: number;
  /** Only for guests of this machine: ticks of their TSC are those of its own. */
  readonly isOfOneMachine?: boolean;
  /** Whether it can play that role for a trace clock (the kernel's name; undefined: not known yet). */
  supports(role: SyncRole, clock: string | undefined, abilities: Abilities): boolean;
  host(tools: HostTools): HostSide;
  guest(tools: GuestTools): GuestSide;
}
