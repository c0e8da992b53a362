import type { TscScale } from '../../kernel/perf-clock.ts';
import { readTscScale } from '../../kernel/perf-clock.ts';
import { defaultClock, kernelClock } from '../../sync/clocks.ts';
import { onlineCpus } from '../native.ts';
import type { BufferPlan, RecordPlan } from '../plan.ts';
import type { FoundGuest } from './found-guest.ts';

/** What decides about the clock, of this machine. */
export interface HostClocks {
  /** The one in use. */
  readonly current: string;
  readonly available: readonly string[];
}

/**
 * The plan with a clock for which the guests' clocks can be measured best: the TSC, converted to ns when it is read,
 * where the hypervisor says how theirs relate to it. As it is when the command line names a clock.
 */
export function withGuestClock(plan: RecordPlan, guests: readonly FoundGuest[], host: HostClocks): RecordPlan {
  if (guests.length === 0 || plan.buffers.some(({ clock }) => clock !== undefined)) return plan;
  const clock = defaultClock({
    ...host,
    guestsReadable: guests.map(({ kvmFolder }) => kvmFolder !== undefined),
    tscRateKnown: tscScale() !== undefined,
  });
  const buffers = plan.buffers.map((buffer): BufferPlan => ({ ...buffer, clock }));
  return { ...plan, buffers, tscToNanoseconds: clock === 'x86-tsc' };
}

/** The scale that converts this machine's TSC to ns; undefined where the kernel does not tell. */
function tscScale(): TscScale | undefined {
  try {
    return readTscScale(onlineCpus());
  } catch {
    return undefined;
  }
}

/** What a guest's agent is asked for, in trace-cmd's order: the clock, unless it is given its own; the date; the rest. */
export function agentArgs({ args }: FoundGuest, hostClock: string, date: boolean): string[] {
  const clock = args.includes('-C') ? [] : ['-C', kernelClock(hostClock)];
  return [...clock, ...(date ? ['--date'] : []), ...args];
}
