import { TandemError } from '../base/errors.ts';
import { Journal } from '../kernel/journal.ts';
import { readCommandLines } from '../kernel/metadata.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';
import { applyOption } from './apply.ts';
import { writeTraceFile } from './assemble.ts';
import { CaptureThreads } from './capture-threads.ts';
import { latencyContent } from './content.ts';
import { measureDateOffset } from './date-offset.ts';
import { readEventTable } from './events.ts';
import { KernelTexts } from './kernel-texts.ts';
import { readLatency } from './latency.ts';
import { makeFile } from './make-file.ts';
import { Messages } from './messages.ts';
import { bufferPlan, isLatencyTracer, type RecordPlan } from './plan.ts';
import { RecordSession } from './session.ts';
import { cpuCountOf, type OpenBuffer } from './setup.ts';
import { StopSignals } from './stop-signals.ts';
import { subBufferSize } from './sub-buffer-size.ts';
import { latencyLine } from './summary.ts';
import { checkWritable, TemporaryFiles } from './temporary-files.ts';

export interface Extraction {
  /** Of these only what concerns the file counts: nothing is switched on. */
  readonly plan: RecordPlan;
  /** The buffers to empty: the top one first, if it is among them. */
  readonly instances: readonly TraceInstance[];
  /** Their snapshots instead of what they hold. */
  readonly snapshot: boolean;
  /** A latency tracer whose text is wanted, and the trace options for that text. */
  readonly tracer: string | undefined;
  readonly options: readonly string[];
}

/**
 * Makes a trace file of what is in the kernel's buffers, which are empty then. Changes no setting for good. Signals do
 * not end it: it soon ends by itself. Returns whether everything was taken.
 */
export async function extractTrace(extraction: Extraction, tracefs: Tracefs): Promise<boolean> {
  const { plan, options } = extraction;
  const messages = new Messages(plan);
  checkWritable(plan.output, TemporaryFiles.of(plan));
  const signals = new StopSignals();
  const journal = new Journal();
  try {
    for (const option of options) applyOption(option, tracefs.top, journal);
    return await (isLatencyTracer(extraction.tracer)
      ? extractLatency(plan, tracefs, messages)
      : extractBuffers(extraction, tracefs, journal, messages));
  } finally {
    for (const problem of journal.undo()) messages.warn(problem);
    signals.release();
  }
}

async function extractLatency(plan: RecordPlan, tracefs: Tracefs, messages: Messages): Promise<boolean> {
  const texts = new KernelTexts(tracefs.top, readEventTable(tracefs.top)).read();
  const facts = { ...plan, ...texts, commandLines: readCommandLines(tracefs.top), cpuCount: cpuCountOf(tracefs) };
  const bytes = await writeTraceFile(plan.output, latencyContent(facts, readLatency(tracefs.top)), plan);
  messages.info(latencyLine(plan.output, bytes));
  return true;
}

async function extractBuffers(
  { plan, instances, snapshot }: Extraction,
  tracefs: Tracefs,
  journal: Journal,
  messages: Messages,
): Promise<boolean> {
  const buffers = instances.map((instance): OpenBuffer => {
    const rawFile = snapshot ? 'snapshot_raw' : 'trace_pipe_raw';
    if (snapshot && !instance.has('snapshot')) {
      throw new TandemError('UNSUPPORTED', 'snapshot', 'this kernel has none', 'it needs CONFIG_TRACER_SNAPSHOT');
    }
    const found = { statsBefore: [], pageSize: subBufferSize(instance), clock: instance.clock(), rawFile } as const;
    return { plan: bufferPlan(instance.name), instance, matched: [], ...found };
  });
  const first = instances[0] as TraceInstance;
  const session = new RecordSession(plan, tracefs, journal, {
    buffers,
    formats: readEventTable(tracefs.top),
    clocks: first.read('trace_clock'),
    tsc: undefined,
    emptied: Promise.resolve(),
    date: plan.date ? measureDateOffset(first.clock(), tracefs, journal) : undefined,
  });
  await session.startCapture(new CaptureThreads());
  const problems = await session.finish();
  for (const problem of problems) messages.warn(problem);
  await makeFile(session, plan.output, messages);
  return problems.length === 0;
}
