import type { TraceInstance } from '../kernel/tracefs.ts';

/** What the kernel says of one CPU's ring buffer since it was emptied. */
export interface CpuStats {
  readonly cpu: number;
  /** The kernel's own text, as the trace file keeps it. */
  readonly text: string;
  /** Events that were read out of it, or still are in it. */
  readonly events: number;
  /** Events lost: overwritten before they were read, or dropped since there was no room. */
  readonly lost: number;
}

/** Counts of a buffer, CPU by CPU. */
export function readStats(instance: TraceInstance): CpuStats[] {
  return instance.cpus().map((cpu) => {
    const text = instance.stats(cpu);
    const count = (name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1] ?? 0);
    return {
      ...{ cpu, text },
      events: count('entries') + count('read events'),
      lost: count('overrun') + count('commit overrun') + count('dropped events'),
    };
  });
}
