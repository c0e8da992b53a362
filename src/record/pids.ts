import { readdirSync } from 'node:fs';
import type { Journal } from '../kernel/journal.ts';
import type { ActiveBuffer } from './apply.ts';
import type { RecordPlan } from './plan.ts';

/**
 * Limits buffers to processes, and leaves out this program's own threads. `command` is the traced command; without one
 * `-F` means this program.
 */
export function limitToPids(
  buffers: readonly ActiveBuffer[],
  plan: RecordPlan,
  command: number | undefined,
  journal: Journal,
): void {
  for (const buffer of buffers) {
    applyPids(buffer, plan, command ?? process.pid, journal);
    if (!plan.traceRecorder) ignoreOwnThreads(buffer, journal);
  }
}

/**
 * Limits a buffer to processes (`-P`, `-F`), and to their children where asked for. The kernel itself adds children
 * and takes out those that ended.
 */
export function applyPids(
  { plan, instance }: ActiveBuffer,
  { onlyCommand, followChildren }: RecordPlan,
  command: number,
  journal: Journal,
): void {
  const pids = onlyCommand ? [...plan.pids, command] : plan.pids;
  if (pids.length === 0) return;
  if (followChildren) {
    for (const option of ['event-fork', 'function-fork']) {
      if (instance.has('options', option)) journal.set('value', instance.file('options', option), '1');
    }
  }
  replacePids('set_event_pid', pids, instance, journal);
  // The function tracer's own list: only when that is used at all.
  if (plan.tracer?.startsWith('function')) replacePids('set_ftrace_pid', pids, instance, journal);
}

/** Leaves this program's threads out of what is recorded. */
function ignoreOwnThreads({ instance }: ActiveBuffer, journal: Journal): void {
  if (!instance.has('set_event_notrace_pid')) return;
  replacePids('set_event_notrace_pid', readdirSync('/proc/self/task').map(Number), instance, journal);
}

/** Held, not set: the kernel changes these lists itself. */
function replacePids(
  file: string,
  pids: readonly number[],
  instance: ActiveBuffer['instance'],
  journal: Journal,
): void {
  journal.hold('list', instance.file(file));
  instance.write(pids.join('\n'), file);
}
