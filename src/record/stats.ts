import type { TraceInstance } from '../kernel/tracefs.ts';

/** What the kernel says of one CPU's ring buffer since it was emptied, or since earlier counts. */
export interface CpuStats {
  readonly cpu: number;
  /** The kernel's own text, as the trace file keeps it. */
  readonly text: string;
  /** Events that were read out of it, or still are in it. */
  readonly events: number;
  /** Events lost: overwritten before they were read, or dropped since there was no room. */
  readonly lost: number;
}

/** Counts that only grow. */
const GROWING = /^(overrun|commit overrun|dropped events|read events): (\d+)$/gm;

/** Counts of a buffer, CPU by CPU; less those of `before`, the same CPUs' in the same order. */
export function readStats(instance: TraceInstance, before: readonly CpuStats[] = []): CpuStats[] {
  return instance.cpus().map((cpu, index) => {
    const text = textSince(instance.stats(cpu), before[index]?.text ?? '');
    return {
      ...{ cpu, text },
      events: count(text, 'entries') + count(text, 'read events'),
      lost: count(text, 'overrun') + count(text, 'commit overrun') + count(text, 'dropped events'),
    };
  });
}

/** Whether there is nothing in a buffer, whatever there was. */
export const isEmpty = (instance: TraceInstance): boolean =>
  instance.cpus().every((cpu) => count(instance.stats(cpu), 'entries') === 0);

const count = (text: string, name: string): number => Number(new RegExp(`^${name}: (\\d+)`, 'm').exec(text)?.[1] ?? 0);

function textSince(text: string, before: string): string {
  if (before === '') return text;
  return text.replace(GROWING, (_line, name: string, now: string) => `${name}: ${Number(now) - count(before, name)}`);
}
