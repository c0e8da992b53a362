/*
 * Times in columns are doubles, relative to `TrackLayout.base`, in its `unit`: exact below 2^53, which are 104 days.
 * Columns ascend by their first member, so that a picture finds its place by halving.
 */

/** A file on the timeline: a machine. */
export interface Machine {
  /** Index of its file among those that were opened, and of itself in `TrackLayout.machines`. */
  readonly file: number;
  readonly name: string;
  /** Index of the machine that it is a guest of; undefined for hosts. */
  readonly host: number | undefined;
  readonly cpuCount: number;
  readonly clock: string | undefined;
}

/** One CPU of one buffer of a file: events in the order of the ring buffer. */
export interface Lane {
  readonly kind: 'events';
  readonly machine: number;
  readonly cpu: number;
  /** Empty for the top buffer. */
  readonly buffer: string;
}

/** What ran on a CPU, by sched_switch. */
export interface TaskTrack {
  readonly kind: 'tasks';
  readonly machine: number;
  readonly cpu: number;
}

/** Hard and soft interrupts that a CPU handled. */
export interface InterruptTrack {
  readonly kind: 'interrupts';
  readonly machine: number;
  readonly cpu: number;
}

/** Calls of functions, by the function graph tracer. */
export interface CallTrack {
  readonly kind: 'calls';
  readonly machine: number;
  readonly cpu: number;
}

/** What the host thread of a guest's CPU was doing. */
export interface VcpuTrack {
  readonly kind: 'vcpu';
  /** The guest, and its CPU. */
  readonly machine: number;
  readonly cpu: number;
  readonly host: number;
  /** The thread on the host. */
  readonly pid: number;
}

export type Track = Lane | TaskTrack | InterruptTrack | CallTrack | VcpuTrack;

/** Known when the files are open, before any event is read. */
export interface TrackLayout {
  /** Time 0 of all columns: the earliest event, on the timeline's clock. */
  readonly base: bigint;
  /** Time of the last event, relative. */
  readonly end: number;
  readonly unit: 'ns' | 'ticks';
  readonly machines: readonly Machine[];
  /** Chunks name tracks by their places here. */
  readonly tracks: readonly Track[];
}

/**
 * Events of a lane. `times` never go back: where stamps do, they stay at the latest one so far, which is where the
 * timeline delivers them. `ids` as in the file; `pids`: who was running.
 */
export interface EventColumns {
  readonly times: Float64Array;
  readonly ids: Uint16Array;
  readonly pids: Int32Array;
}

/** A slice lasts until the next one begins, the last until what was read so far. pid 0: idle; UNKNOWN_PID: not known. */
export interface TaskColumns {
  readonly starts: Float64Array;
  readonly pids: Int32Array;
}

/** Not known who runs: before the first switch, and where events were lost. */
export const UNKNOWN_PID = -1;

/** Slices that have ended, ordered by start; an inner one lies within an outer one. `names`: places in `TrackNames.interrupts`. */
export interface InterruptColumns {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly names: Uint16Array;
}

/** As above. `depths`: 0 is the outermost. `functions`: places in `TrackNames.functions`. */
export interface CallColumns {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
  readonly depths: Uint8Array;
  readonly functions: Uint32Array;
}

/** What a vCPU's thread does, on the host. Numbers, since columns hold them. */
export const VCPU_STATE = {
  /** Before the first event about it, and where the host lost events. */
  unknown: 0,
  /** Between kvm_entry and kvm_exit: guest code runs. */
  inGuest: 1,
  /** On a host CPU, outside of the guest. Detail: reason of the last kvm_exit, a place in `TrackNames.exits`; -1 unknown. */
  inHypervisor: 2,
  /** Could run but does not: its CPU was taken away. Detail: pid of the task that was switched to. */
  preempted: 3,
  /** Woken, not yet running. Detail: pid of what runs on the CPU that it waits for, UNKNOWN_PID if not known. */
  waking: 4,
  /** Sleeps on the host, not because the guest halted. Detail: the reason of the last exit. */
  blocked: 5,
  /** Sleeps because the guest's CPU halted: it has nothing to do. */
  halted: 6,
} as const;
export type VcpuState = (typeof VCPU_STATE)[keyof typeof VCPU_STATE];

/** A state lasts until the next one begins. `cpus`: the host CPU that it is on or was last on; -1 unknown. */
export interface StateColumns {
  readonly starts: Float64Array;
  readonly states: Uint8Array;
  readonly details: Int32Array;
  readonly cpus: Int16Array;
}

export type TrackColumns = EventColumns | TaskColumns | InterruptColumns | CallColumns | StateColumns;

/** What is new of a track: to be added behind what came before. */
export interface TrackChunk {
  /** Place in `TrackLayout.tracks`. */
  readonly track: number;
  readonly columns: TrackColumns;
}

/** Names that columns refer to by their places; they grow, and never change. */
export interface TrackNames {
  readonly exits: readonly string[];
  readonly interrupts: readonly string[];
  readonly functions: readonly string[];
}

/** A task's name by pid, the last one that it had, per machine. */
export type TaskNames = ReadonlyMap<number, string>;

/** Time that a host took from a guest while its CPUs had something to do, by who or what took it. */
export interface StealCause {
  readonly state:
    | typeof VCPU_STATE.preempted
    | typeof VCPU_STATE.waking
    | typeof VCPU_STATE.blocked
    | typeof VCPU_STATE.inHypervisor;
  /** The task on the host that had the CPU (preempted, waking), or the reason of the exit (blocked, inHypervisor). */
  readonly cause: string;
  readonly pid: number | undefined;
  readonly count: number;
  readonly total: number;
  readonly worst: Interval;
}

/** Where the worst of something is: to go there. */
export interface Interval {
  readonly cpu: number;
  readonly start: number;
  readonly end: number;
}

/** Time outside of the guest by the reason of the exit, whatever the thread did until the next entry. */
export interface ExitReason {
  readonly reason: string;
  readonly count: number;
  readonly total: number;
  readonly worst: Interval;
}

/** From a task's waking in the guest until it ran there, and how much of that its vCPU was not in the guest. */
export interface WakeupLatency {
  readonly pid: number;
  readonly comm: string;
  readonly waking: Interval;
  /** Of the interval: the vCPU did not run, and the rest. */
  readonly hostPart: number;
  readonly guestPart: number;
}

/** When time was stolen from a guest's CPU: ascending, neighbouring intervals are one. `track`: of its thread. */
export interface StolenTimes {
  readonly track: number;
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** What a host did to one of its guests. Times in the layout's unit. */
export interface GuestStory {
  readonly machine: number;
  /** Sum over its CPUs: in the guest, stolen, halted, and what is not known. */
  readonly inGuest: number;
  readonly stolen: number;
  readonly halted: number;
  readonly unknown: number;
  /** By total, the largest first. */
  readonly steal: readonly StealCause[];
  readonly exits: readonly ExitReason[];
  /** The worst first, some of them. */
  readonly wakeups: readonly WakeupLatency[];
  /** What the files lack for any of this, as options of `record`. */
  readonly missing: { readonly host: readonly string[]; readonly guest: readonly string[] };
}
