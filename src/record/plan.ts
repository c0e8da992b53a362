import type { GuestPlan, SyncPlan } from './guests/guest-plan.ts';

/** What a recording is to do: the command line, understood, before anything of the kernel was looked at. */
export interface RecordPlan {
  /** The top buffer (named "") first, then the instances in the order of the command line. */
  readonly buffers: readonly BufferPlan[];
  readonly output: string;
  /** Name and version of this program, for the file. */
  readonly recorder: string;
  /** Folder of the per-CPU files, if they are not to lie beside the output. */
  readonly temporaryFolder: string | undefined;
  readonly fileVersion: 6 | 7;
  readonly compression: 'none' | 'zlib' | 'zstd';
  /** Store the formats of all events, not only of those that are recorded (`-a`). */
  readonly allFormats: boolean;
  /** Event patterns that match nothing are no error (`-i`). */
  readonly ignoreUnknownEvents: boolean;
  /** Trace the command, or this program, only (`-F`). */
  readonly onlyCommand: boolean;
  /** Trace the children of traced processes too (`-c`). */
  readonly followChildren: boolean;
  /** Go to the background when the recording has begun (`--daemonize`). */
  readonly daemonize: boolean;
  /** Trace this program's threads too (`--no-filter`). */
  readonly traceRecorder: boolean;
  readonly command: readonly string[];
  readonly user: string | undefined;
  /** Function tracing off: by its option (`-d`), or for the whole system (`-D`). */
  readonly functionTracing: 'leave' | 'option-off' | 'off';
  /** Leave everything as it is at the start: what is on is recorded as well (`-K`). */
  readonly keepBefore: boolean;
  /** Leave everything switched on at the end, with tracing_on 0 (`-k`). */
  readonly keep: boolean;
  /** Microseconds to sleep between looks at the buffers; undefined: wait until they have filled (`-s`). */
  readonly sleepMicroseconds: number | undefined;
  readonly poll: boolean;
  /** SCHED_FIFO priority of the capture threads (`-r`); 0: none; undefined: the lowest. */
  readonly realTimePriority: number | undefined;
  /** Kilobytes kept of each CPU; 0: everything (`-m`). */
  readonly maximumKb: number;
  readonly savedCommandLines: number | undefined;
  /** `--date`, or the nanoseconds of `--ts-offset` as they were written. */
  readonly date: boolean;
  readonly tsOffset: string | undefined;
  /** Store the multiplier and shift that turn TSC ticks into ns (`--tsc2nsec`, `-C tsc2nsec`). */
  readonly tscToNanoseconds: boolean;
  /** Texts of `-H`, stored for the report. */
  readonly hooks: readonly string[];
  /** Recorded together with this machine (`-A`). */
  readonly guests: readonly GuestPlan[];
  readonly sync: SyncPlan;
  /** Take guests' data by the FIFOs of virtio-serial ports, where there are any (not with `--nofifos`). */
  readonly useFifos: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  /** Own messages go to stderr, the command's output stays where it is. */
  readonly messagesToStderr: boolean;
}

/** What one ring buffer records. */
export interface BufferPlan {
  readonly name: string;
  readonly events: readonly EventPlan[];
  readonly tracer: string | undefined;
  /** Trace options by name, with `no` in front to switch them off. */
  readonly options: readonly string[];
  readonly clock: string | undefined;
  /** Kilobytes per CPU. */
  readonly sizeKb: number | undefined;
  readonly subBufferKb: number | undefined;
  /** Hex digits, or `-1` for all CPUs. */
  readonly cpuMask: string | undefined;
  readonly functions: readonly FunctionPlan[];
  readonly notFunctions: readonly FunctionPlan[];
  readonly graphFunctions: readonly FunctionPlan[];
  readonly maximumGraphDepth: string | undefined;
  readonly pids: readonly number[];
  readonly processMaps: boolean;
}

type Draft<T> = T extends object
  ? { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? Draft<E>[] : T[K] }
  : T;

/** A plan that is still being made. */
export type PlanDraft = Omit<Draft<RecordPlan>, 'buffers' | 'recorder'>;
export type BufferDraft = Draft<BufferPlan>;
export type EventDraft = Draft<EventPlan>;
export type GuestDraft = Draft<GuestPlan>;

/** What is done when nothing is said about it. */
export function defaultPlan(output: string): PlanDraft {
  return {
    ...{ output, temporaryFolder: undefined, fileVersion: 7, compression: 'zstd' },
    ...{ allFormats: false, ignoreUnknownEvents: false },
    ...{ onlyCommand: false, followChildren: false, traceRecorder: false, command: [], user: undefined },
    ...{ functionTracing: 'leave', keepBefore: false, keep: false, daemonize: false },
    ...{ sleepMicroseconds: undefined, poll: false, realTimePriority: undefined, maximumKb: 0 },
    ...{ savedCommandLines: undefined, date: false, tsOffset: undefined, tscToNanoseconds: false, hooks: [] },
    ...{ guests: [], sync: { intervalMs: 0, log: false }, useFifos: true },
    ...{ quiet: false, verbose: false, messagesToStderr: false },
  };
}

/** A buffer of which nothing is asked yet. */
export function bufferPlan(name: string): BufferDraft {
  return {
    ...{ name, events: [], tracer: undefined, options: [], clock: undefined, sizeKb: undefined },
    ...{ subBufferKb: undefined, cpuMask: undefined, functions: [], notFunctions: [], graphFunctions: [] },
    ...{ maximumGraphDepth: undefined, pids: [], processMaps: false },
  };
}

/** One `-e`, with what was said of it behind it. */
export interface EventPlan {
  /** `system`, `event`, `system:event`, each with globs, or `all`. */
  readonly pattern: string;
  /** Behind `-v`: these are not recorded. */
  readonly excluded: boolean;
  readonly filter: string | undefined;
  readonly trigger: string | undefined;
}

/** One `-l`, `-n` or `-g`: a name, glob, regular expression or command, and the module (`--module`) it is limited to. */
export interface FunctionPlan {
  readonly pattern: string;
  readonly module: string | undefined;
}

/** Whether a buffer takes part: the top one does only when something is asked of it. */
export function isUsed(buffer: BufferPlan, plan: RecordPlan): boolean {
  if (buffer.name !== '') return true;
  return (
    plan.onlyCommand || plan.keepBefore || buffer.events.length > 0 || buffer.tracer !== undefined || buffer.processMaps
  );
}

const LATENCY_TRACERS = ['irqsoff', 'preemptoff', 'preemptirqsoff', 'wakeup', 'wakeup_rt', 'wakeup_dl'];

/** Whether a tracer keeps the one longest latency that it saw: what it gives is a text, not a stream of events. */
export const isLatencyTracer = (tracer: string | undefined): boolean =>
  tracer !== undefined && LATENCY_TRACERS.includes(tracer);
