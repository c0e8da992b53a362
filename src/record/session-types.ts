import type { CaptureThreads } from './capture-threads.ts';
import type { CpuStats } from './stats.ts';
import type { TemporaryFiles } from './temporary-files.ts';

/** A recording in its steps, in their order. Whatever fails between, undoing the journal puts the kernel back. */
export interface Session {
  readonly files: TemporaryFiles;
  /** Opens all buffers and files: from here on nothing that is traced gets lost, nor can't be restored. */
  startCapture(threads: CaptureThreads): Promise<void>;
  /** Sets the pids to trace, and those not to. `command` is that of the traced command, if there is one. */
  limitToProcesses(command: number | undefined): void;
  /** Switches tracing on. */
  go(hasCommand: boolean): void;
  /** Completes what a trace file can be restored with, should this program be killed. */
  saveMetadata(): Promise<void>;
  /** Resolves with the reason when the capture failed while it went on. */
  failure(): Promise<string>;
  /** Counts so far, of all buffers together. */
  progress(): Progress;
  /** How other machines do that are recorded too, one text each. At any time. */
  guestStates(): readonly string[];
  /** Switches tracing off, takes what is left, and puts the kernel back. Returns what went wrong, one line each. */
  stop(): Promise<string[]>;
  /** Makes the trace file and removes the temporary ones. Returns what was recorded, in lines for people. */
  assemble(): Promise<readonly string[]>;
  /** Ends one that failed before it began: leaves neither files nor threads. */
  abandon(): Promise<void>;
  /** What was lost, one line each, when it was stopped. */
  losses(): readonly string[];
  /** Whether everything that was to be recorded was, as far as it goes by itself. */
  readonly isComplete: boolean;
}

/** One buffer when tracing is over. */
export interface RecordedBuffer {
  readonly name: string;
  readonly cpus: readonly (CpuStats & { /** Bytes captured. */ readonly bytes: number })[];
}

/** Counts of a recording that goes on. */
export interface Progress {
  readonly bytesByCpu: ReadonlyMap<number, number>;
  readonly events: number;
  readonly lost: number;
}
