import type { Journal } from '../kernel/journal.ts';
import { readTscScale, type TscScale } from '../kernel/perf-clock.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import {
  type ActiveBuffer,
  applyBuffer,
  applySavedCommandLines,
  applyTriggers,
  openInstance,
  takeOver,
} from './apply.ts';
import { measureDateOffset } from './date-offset.ts';
import { bySystem, type EventTable, type MatchedEvents, matchEvents, readEventTable } from './events.ts';
import { onlineCpus } from './native.ts';
import { isUsed, type RecordPlan } from './plan.ts';
import { type CpuStats, readStats } from './stats.ts';
import { subBufferSize } from './sub-buffer-size.ts';

/** A buffer that is set up, with what is needed of it when its instance may be gone. */
export interface OpenBuffer extends ActiveBuffer {
  /** Bytes of a sub-buffer. */
  readonly pageSize: number;
  /** Name of its clock in the file. */
  readonly clock: string;
  /** Counts that are not of this recording; none where the buffer was emptied. */
  readonly statsBefore: readonly CpuStats[];
  /** The file of each CPU that its sub-buffers are taken from. */
  readonly rawFile: 'trace_pipe_raw' | 'snapshot_raw';
}

/** What was set up, and what of it a trace file tells. */
export interface KernelSetup {
  /** The top buffer first, if it is used. */
  readonly buffers: readonly OpenBuffer[];
  /** The events whose formats are to be stored. */
  readonly formats: EventTable;
  /** The trace_clock file of the first buffer. */
  readonly clocks: string;
  readonly tsc: TscScale | undefined;
  /** Microseconds from the clock to the time of day, as `0x` hex. */
  readonly date: string | undefined;
  /** Resolves when what was in the buffers is gone. Wait for it before anything is switched on. */
  readonly emptied: Promise<void>;
}

/**
 * Sets the kernel up as planned, with tracing off (or, with `keepBefore`, as it is). Throws before it touches anything
 * when the plan does not fit this kernel.
 */
export function setUpKernel(plan: RecordPlan, tracefs: Tracefs, journal: Journal): KernelSetup {
  const used = plan.buffers.filter((buffer) => isUsed(buffer, plan));
  const table = readEventTable(tracefs.top);
  const matched = used.map((buffer) => matchEvents(buffer, table, plan.ignoreUnknownEvents));
  const tsc = plan.tscToNanoseconds ? readTscScale(onlineCpus()) : undefined;

  const active = used.map((buffer, index) => {
    const instance = openInstance(buffer, tracefs, journal);
    const empty = takeOver(instance, journal, plan.keepBefore);
    return { plan: buffer, instance, matched: matched[index] ?? [], empty };
  });
  for (const buffer of active) applyBuffer(buffer, plan, journal);
  if (plan.savedCommandLines !== undefined) applySavedCommandLines(plan.savedCommandLines, tracefs.top, journal);
  const first = active[0] as ActiveBuffer;
  return {
    buffers: active.map(({ empty, ...buffer }) => ({
      ...buffer,
      statsBefore: empty === undefined ? readStats(buffer.instance) : [],
      pageSize: subBufferSize(buffer.instance),
      clock: tsc === undefined ? buffer.instance.clock() : 'tsc2nsec',
      rawFile: 'trace_pipe_raw',
    })),
    formats: formatsToStore(plan, matched.flat(), table),
    clocks: first.instance.read('trace_clock'),
    tsc,
    emptied: allOf(active.map(({ empty }) => empty)),
    date: plan.date ? measureDateOffset(first.instance.clock(), tracefs, journal) : undefined,
  };
}

async function allOf(promises: readonly (Promise<void> | undefined)[]): Promise<void> {
  await Promise.all(promises);
}

/** The formats of what is named, also of what is excluded; all there are when nothing is. */
function formatsToStore(plan: RecordPlan, matched: readonly MatchedEvents[], table: EventTable): EventTable {
  if (plan.allFormats || matched.length === 0) return table;
  return bySystem(matched.flatMap(({ events }) => events));
}

/** Triggers, then tracing itself, unless that is to stay as it is. */
export function switchOn(buffers: readonly OpenBuffer[], journal: Journal, tracingStays = false): void {
  for (const buffer of buffers) applyTriggers(buffer, journal);
  if (!tracingStays) for (const { instance } of buffers) instance.write('1', 'tracing_on');
}

/** Number of CPUs as a trace file counts them: those that are possible, up to the last. */
export const cpuCountOf = (tracefs: Tracefs): number => (tracefs.top.cpus().at(-1) ?? 0) + 1;
