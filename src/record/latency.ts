import { readFileSync } from 'node:fs';
import type { Journal } from '../kernel/journal.ts';
import { readCommandLines } from '../kernel/metadata.ts';
import { fsError } from '../kernel/os-error.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';
import type { LatencyText } from '../trace-file/write/content.ts';
import { OF_THE_CAPTURE } from './apply.ts';
import { writeTraceFile } from './assemble.ts';
import { latencyContent } from './content.ts';
import { KernelTexts } from './kernel-texts.ts';
import { limitToPids } from './pids.ts';
import type { RecordPlan } from './plan.ts';
import type { Progress, Session } from './session-types.ts';
import { cpuCountOf, type KernelSetup, setUpKernel, switchOn } from './setup.ts';
import { latencyLine } from './summary.ts';
import { checkWritable, TemporaryFiles } from './temporary-files.ts';

/** A latency tracer's recording: nothing is captured, the kernel's own text of the longest latency is what is kept. */
export class LatencySession implements Session {
  readonly files: TemporaryFiles;
  readonly #plan: RecordPlan;
  readonly #tracefs: Tracefs;
  readonly #journal: Journal;
  readonly #kernel: KernelSetup;
  readonly #texts: KernelTexts;
  #latency: LatencyText | undefined;
  #commandLines: Uint8Array = new Uint8Array(0);

  /** Sets the kernel up, with tracing off. */
  constructor(plan: RecordPlan, tracefs: Tracefs, journal: Journal) {
    this.#plan = plan;
    this.#tracefs = tracefs;
    this.#journal = journal;
    this.files = TemporaryFiles.of(plan);
    checkWritable(plan.output, this.files);
    this.#kernel = setUpKernel(plan, tracefs, journal);
    this.#texts = new KernelTexts(tracefs.top, this.#kernel.formats);
  }

  async startCapture(): Promise<void> {
    await this.#kernel.emptied;
  }

  limitToProcesses(command: number | undefined): void {
    limitToPids(this.#kernel.buffers, this.#plan, command, this.#journal);
  }

  go(): void {
    forgetLongest(this.#tracefs.top, this.#journal);
    switchOn(this.#kernel.buffers, this.#journal);
  }

  async saveMetadata(): Promise<void> {}

  failure(): Promise<string> {
    return new Promise(() => {});
  }

  progress(): Progress {
    return { bytesByCpu: new Map(), events: 0, lost: 0 };
  }

  guestStates(): readonly string[] {
    return [];
  }

  async stop(): Promise<string[]> {
    const { top } = this.#tracefs;
    top.write('0', 'tracing_on');
    this.#latency = readLatency(top);
    this.#commandLines = readCommandLines(top);
    if (this.#plan.keep) this.#journal.forget(OF_THE_CAPTURE);
    return this.#journal.undo();
  }

  async assemble(): Promise<string[]> {
    if (this.#latency === undefined) throw new Error('the recording has not been stopped');
    const facts = { ...this.#texts.read(), commandLines: this.#commandLines, cpuCount: cpuCountOf(this.#tracefs) };
    const { output } = this.#plan;
    const bytes = await writeTraceFile(output, latencyContent({ ...this.#plan, ...facts }, this.#latency), this.#plan);
    return [latencyLine(output, bytes)];
  }

  async abandon(): Promise<void> {}

  losses(): string[] {
    return [];
  }

  readonly isComplete = true;
}

/** The longest latency so far is what the next one is compared with: from now on every one is longer. */
export function forgetLongest(top: TraceInstance, journal: Journal): void {
  if (!top.has('tracing_max_latency')) return;
  journal.hold('size', top.file('tracing_max_latency'));
  top.write('0', 'tracing_max_latency');
}

/** The longest latency, as the kernel shows it now. */
export function readLatency(top: TraceInstance): LatencyText {
  try {
    return { text: readFileSync(top.file('trace')), clock: top.clock() };
  } catch (error) {
    throw fsError(error, top.file('trace'), 'can not be read');
  }
}
