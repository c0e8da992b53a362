import { setImmediate } from 'node:timers/promises';
import { Journal } from '../kernel/journal.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { TracedCommand } from './command.ts';
import { forgetLongest } from './latency.ts';
import { Messages } from './messages.ts';
import { applyPids } from './pids.ts';
import { isLatencyTracer, type RecordPlan } from './plan.ts';
import { putBackKilledRuns } from './run.ts';
import { setUpKernel, switchOn } from './setup.ts';
import { StopSignals } from './stop-signals.ts';

const EXIT_SIGNALLED = 128 + 2;

/**
 * Switches tracing on, for it to stay until it is reset. Returns the exit status: that of the command, if there is one
 * and it is waited for.
 */
export async function startTracing(plan: RecordPlan, waits: boolean): Promise<number> {
  const messages = new Messages(plan);
  const tracefs = openTracefs();
  await putBackKilledRuns(messages);
  const signals = new StopSignals();
  const journal = new Journal();
  const command = plan.command.length > 0 ? await TracedCommand.prepare(plan.command, plan.user) : undefined;
  try {
    const { buffers, emptied } = setUpKernel(plan, tracefs, journal);
    await emptied;
    for (const buffer of buffers) applyPids(buffer, plan, command?.pid ?? process.pid, journal);
    if (buffers.some((buffer) => isLatencyTracer(buffer.plan.tracer))) forgetLongest(tracefs.top, journal);
    switchOn(buffers, journal, plan.keepBefore && command === undefined);
  } catch (error) {
    command?.abandon();
    for (const problem of journal.undo()) messages.warn(problem);
    throw error;
  }
  await setImmediate(); // signals that came meanwhile are heard now
  if (signals.count > 0) {
    command?.abandon();
    for (const problem of journal.undo()) messages.warn(problem);
    return EXIT_SIGNALLED;
  }
  journal.keep();
  if (command === undefined) return 0;
  command.release();
  if (!waits) {
    command.leave();
    return 0;
  }
  void signals.nth(1).then((signal) => {
    if (signal !== 'SIGINT' || !process.stdin.isTTY) command.pass(signal);
  });
  return command.ended;
}
