import { renameSync, rmSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import type { Journal } from '../kernel/journal.ts';
import { readCommandLines } from '../kernel/metadata.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import type { GuestInfo } from '../trace-file/types.ts';
import type { TraceContent } from '../trace-file/write/content.ts';
import { applyWakeups, OF_THE_CAPTURE } from './apply.ts';
import { writeTraceFile } from './assemble.ts';
import { Capture, type CaptureResult } from './capture.ts';
import type { CaptureThreads } from './capture-threads.ts';
import type { CaptureTask } from './capture-types.ts';
import { traceContent } from './content.ts';
import { CapturedCpu } from './file-sink.ts';
import { KernelTexts, type SymbolsAndFormats } from './kernel-texts.ts';
import { randomId } from './native.ts';
import { limitToPids } from './pids.ts';
import type { RecordPlan } from './plan.ts';
import { ProcessMaps } from './process-maps.ts';
import type { Progress, RecordedBuffer, Session } from './session-types.ts';
import { cpuCountOf, type KernelSetup, type OpenBuffer, setUpKernel, switchOn } from './setup.ts';
import { type CpuStats, readStats } from './stats.ts';
import { lossLines, summaryLines } from './summary.ts';
import { checkWritable, TemporaryFiles } from './temporary-files.ts';

/**
 * One recording of this machine, from the first change of the kernel to the trace file. The steps in their order:
 * the constructor, `startCapture`, `limitToProcesses`, `go`, `saveMetadata`, `stop`, `assemble`. Whatever fails between,
 * undoing the journal puts the kernel back.
 */
export class RecordSession implements Session {
  readonly files: TemporaryFiles;
  readonly #plan: RecordPlan;
  readonly #tracefs: Tracefs;
  readonly #journal: Journal;
  readonly #kernel: KernelSetup;
  readonly #cpuCount: number;
  readonly #texts: KernelTexts;
  /** Of its file, and of what guests' files refer to. */
  readonly traceId = randomId();
  #guests: readonly GuestInfo[] = [];
  #outputPaths: readonly string[] = [];
  #capture: Capture | undefined;
  #captured: CaptureResult | undefined;
  #processMaps = new ProcessMaps([]);
  #mapTexts: readonly string[] = [];
  #stats: readonly (readonly CpuStats[])[] = [];
  #commandLines: Uint8Array = new Uint8Array(0);

  /** Sets the kernel up, with tracing off. Throws before it touches anything when the plan does not fit this kernel. */
  static prepare(plan: RecordPlan, tracefs: Tracefs, journal: Journal): RecordSession {
    checkWritable(plan.output, TemporaryFiles.of(plan));
    const kernel = setUpKernel(plan, tracefs, journal);
    for (const buffer of kernel.buffers) applyWakeups(buffer, plan, journal);
    return new RecordSession(plan, tracefs, journal, kernel);
  }

  /** Of buffers that are set up already. */
  constructor(plan: RecordPlan, tracefs: Tracefs, journal: Journal, kernel: KernelSetup) {
    this.#plan = plan;
    this.#tracefs = tracefs;
    this.#journal = journal;
    this.#kernel = kernel;
    this.files = TemporaryFiles.of(plan);
    this.#cpuCount = cpuCountOf(tracefs);
    this.#texts = new KernelTexts(tracefs.top, this.#kernel.formats);
  }

  get #buffers(): readonly OpenBuffer[] {
    return this.#kernel.buffers;
  }

  /** The clock of the first buffer, by the kernel's name of it. */
  get clock(): string {
    return (this.#buffers[0] as OpenBuffer).instance.clock();
  }

  /** How TSC ticks are turned into ns, if the file tells. */
  get tsc(): KernelSetup['tsc'] {
    return this.#kernel.tsc;
  }

  /** Names the guests that were recorded too, for the file. */
  tellOf(guests: readonly GuestInfo[]): void {
    this.#guests = guests;
  }

  /** Opens all buffers and files: from here on nothing that is traced gets lost, nor can't be restored. */
  async startCapture(threads: CaptureThreads): Promise<void> {
    this.#journal.ownFiles([this.files.unfinishedMetadata]);
    await this.#writeMetadata(this.#texts.readFormats());
    await this.#kernel.emptied;
    const tasks = this.#tasks();
    this.#outputPaths = tasks.map(({ outputPath }) => outputPath);
    const { sleepMicroseconds, poll, maximumKb, realTimePriority } = this.#plan;
    this.#capture = await Capture.start(threads, tasks, {
      sleepMicroseconds: sleepMicroseconds ?? 0,
      poll,
      maximumBytes: 1024 * maximumKb,
      realTimePriority,
    });
  }

  #tasks(): CaptureTask[] {
    return this.#buffers.flatMap(({ plan: { name }, instance, pageSize, rawFile }) =>
      instance.cpus().map((cpu) => ({
        ...{ buffer: name, cpu, rawPath: instance.ofCpu(cpu, rawFile), subBufferSize: pageSize },
        outputPath: this.files.cpu(name, cpu),
      })),
    );
  }

  /** Sets the pids to trace, and those not to. `command` is that of the traced command, if there is one. */
  limitToProcesses(command: number | undefined): void {
    limitToPids(this.#buffers, this.#plan, command, this.#journal);
    const mapped = this.#buffers.filter(({ plan }) => plan.processMaps);
    const ofTop = command === undefined ? [] : [command];
    this.#processMaps = new ProcessMaps(
      mapped.flatMap(({ plan }) => [...plan.pids, ...(plan.name === '' ? ofTop : [])]),
    );
  }

  /** Switches tracing on. */
  go(hasCommand: boolean): void {
    switchOn(this.#buffers, this.#journal, this.#plan.keepBefore && !hasCommand);
    this.#processMaps.start();
  }

  /** Completes what a trace file can be restored with, should this program be killed. */
  async saveMetadata(): Promise<void> {
    await this.#processMaps.firstLooks();
    this.#commandLines = readCommandLines(this.#tracefs.top);
    await this.#writeMetadata(this.#texts.read());
  }

  async #writeMetadata(texts: SymbolsAndFormats): Promise<void> {
    const unfinished = this.files.unfinishedMetadata;
    const content = this.#content(texts, () => []);
    try {
      await writeTraceFile(unfinished, content, { fileVersion: 7, compression: 'none' });
    } catch (error) {
      rmSync(unfinished, { force: true }); // a full disk needs its room
      throw error;
    }
    renameSync(unfinished, this.files.metadata);
  }

  /** Resolves with the reason when the capture failed while it went on. */
  failure(): Promise<string> {
    return this.#running.failure();
  }

  /** Counts so far, of all buffers together. */
  progress(): Progress {
    let [events, lost] = [0, 0];
    for (const { instance, statsBefore } of this.#buffers) {
      for (const cpu of readStats(instance, statsBefore)) {
        events += cpu.events;
        lost += cpu.lost;
      }
    }
    return { bytesByCpu: this.#running.progress(), events, lost };
  }

  guestStates(): readonly string[] {
    return [];
  }

  get #running(): Capture {
    if (this.#capture === undefined) throw new Error('the capture has not been started');
    return this.#capture;
  }

  /** Switches tracing off, and finishes. */
  async stop(): Promise<string[]> {
    for (const { instance } of this.#buffers) instance.write('0', 'tracing_on');
    this.#mapTexts = this.#processMaps.stop();
    return this.finish();
  }

  /** Takes what is left and puts the kernel back (or leaves it, with `-k`). Returns what went wrong, one line each. */
  async finish(): Promise<string[]> {
    this.#captured = await this.#running.stop();
    this.#stats = this.#buffers.map(({ instance, statsBefore }) => readStats(instance, statsBefore));
    this.#commandLines = readCommandLines(this.#tracefs.top);
    if (this.#plan.keep) this.#journal.forget(OF_THE_CAPTURE);
    if (this.#captured.problems.length === 0) this.#journal.noteEmpty();
    return [...this.#captured.problems, ...this.#journal.undo()];
  }

  losses(): string[] {
    return lossLines(this.#recorded());
  }

  readonly isComplete = true;

  /** Counts by buffer and CPU, when it was stopped. */
  #recorded(): RecordedBuffer[] {
    return this.#buffers.map(({ plan: { name } }, index) => {
      const bytes = new Map(this.#capturedCpus(name).map(({ cpu, size }) => [cpu, size]));
      return {
        name,
        cpus: (this.#stats[index] ?? []).map((stats) => ({ ...stats, bytes: bytes.get(stats.cpu) ?? 0 })),
      };
    });
  }

  async assemble(): Promise<string[]> {
    const content = this.#content(this.#texts.read(), (buffer) => this.#capturedCpus(buffer));
    const size = await writeTraceFile(this.#plan.output, content, this.#plan);
    this.#disownTemporaryFiles();
    for (const problem of this.#journal.undo()) throw new TandemError('IO', this.#plan.output, problem);
    return summaryLines(this.#recorded(), this.#plan.output, size);
  }

  async abandon(): Promise<void> {
    for (const { instance } of this.#buffers) instance.write('0', 'tracing_on');
    await this.#capture?.stop();
    this.#disownTemporaryFiles();
  }

  /** Has them removed. Of some of them no whole trace could be restored, should this program be killed meanwhile. */
  #disownTemporaryFiles(): void {
    this.#journal.ownFiles([this.files.metadata, ...this.#outputPaths]);
  }

  #capturedCpus(buffer: string): CapturedCpu[] {
    return (this.#captured?.cpus ?? [])
      .filter(({ task }) => task.buffer === buffer)
      .map(({ task, bytes }) => new CapturedCpu(task.cpu, task.outputPath, bytes));
  }

  #content(texts: SymbolsAndFormats, cpusOf: (buffer: string) => readonly CapturedCpu[]): TraceContent {
    return traceContent({
      ...{ ...this.#plan, ...this.#kernel, ...texts },
      ...{ cpuCount: this.#cpuCount, commandLines: this.#commandLines, processMaps: this.#mapTexts },
      traceId: this.traceId,
      guests: this.#guests,
      buffers: this.#buffers.map(({ plan: { name }, clock, pageSize }, index) => ({
        ...{ name, clock, pageSize, cpus: cpusOf(name), stats: this.#stats[index] ?? [] },
      })),
    });
  }
}
