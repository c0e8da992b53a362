import type { Journal } from '../../kernel/journal.ts';
import type { Tracefs } from '../../kernel/tracefs.ts';
import type { TscToNanoseconds } from '../../time/types.ts';
import type { SyncPlan } from './guest-plan.ts';

/** What all guests of a recording share. */
export interface GuestContext {
  readonly tracefs: Tracefs;
  readonly journal: Journal;
  /** Of the host's file. */
  readonly traceId: bigint;
  /** Name of the host's trace clock, by the kernel. */
  readonly hostClock: string;
  /** How the host's TSC is turned into ns, if that goes into the files. */
  readonly tsc: TscToNanoseconds | undefined;
  readonly date: boolean;
  readonly sync: SyncPlan;
  readonly useFifos: boolean;
  readonly hostOutput: string;
  readonly temporaryFolder: string | undefined;
  readonly tell: (line: string) => void;
  readonly warn: (line: string) => void;
}
