import type { AgentSpec } from '../../transport/agent-spec.ts';

/** One guest that is recorded together with this machine (`-A`). */
export interface GuestPlan {
  readonly spec: AgentSpec;
  /** `--name`; undefined: by its address. */
  readonly name: string | undefined;
  /** Recording options for its agent, word by word. */
  readonly args: readonly string[];
}

/** How clocks of guests are measured. */
export interface SyncPlan {
  /** Between rounds; 0: at the start and at the end only; negative: never (`--tsync-interval`). */
  readonly intervalMs: number;
  /** Store every probe beside the guest's file (`--tsync-log`). */
  readonly log: boolean;
}

/** The clock that a guest's options name, in the kernel's words; undefined where they name none. */
export function namedClock(args: readonly string[]): string | undefined {
  const at = args.lastIndexOf('-C');
  return at < 0 ? undefined : args[at + 1];
}
