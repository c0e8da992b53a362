import { randomBytes } from 'node:crypto';
import { renameSync, rmSync } from 'node:fs';
import type { Journal } from '../kernel/journal.ts';
import { readCommandLines, unameText } from '../kernel/metadata.ts';
import { readTscScale, type TscScale } from '../kernel/perf-clock.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import type { BufferContent, TraceContent } from '../trace-file/write/content.ts';
import {
  type ActiveBuffer,
  applyBuffer,
  applySavedCommandLines,
  applyTriggers,
  openInstance,
  takeOver,
} from './apply.ts';
import { withTopBuffer, writeTraceFile } from './assemble.ts';
import { Capture, type CaptureResult } from './capture.ts';
import { measureDateOffset } from './date-offset.ts';
import { bySystem, type EventTable, type MatchedEvents, matchEvents, readEventTable } from './events.ts';
import { CapturedCpu } from './file-sink.ts';
import { KernelTexts } from './kernel-texts.ts';
import { metadataOptions } from './metadata-options.ts';
import { NATIVE, onlineCpus } from './native.ts';
import { applyPids, ignoreOwnThreads } from './pids.ts';
import { isUsed, type RecordPlan } from './plan.ts';
import { ProcessMaps } from './process-maps.ts';
import { type CpuStats, readStats } from './stats.ts';
import { subBufferSize } from './sub-buffer-size.ts';
import { checkWritable, TemporaryFiles } from './temporary-files.ts';

/** One buffer when tracing is over. */
export interface RecordedBuffer {
  readonly name: string;
  readonly cpus: readonly (CpuStats & { /** Bytes captured. */ readonly bytes: number })[];
}

/** A buffer with what is needed of it when its instance may be gone. */
interface OpenBuffer extends ActiveBuffer {
  readonly pageSize: number;
  /** Name of its clock in the file. */
  readonly clock: string;
}

/**
 * One recording of this machine, from the first change of the kernel to the trace file. The steps in their order:
 * `prepare`, `startCapture`, `limitToProcesses`, `go`, `saveMetadata`, `stop`, `assemble`. Whatever fails between,
 * undoing the journal puts the kernel back.
 */
export class RecordSession {
  readonly files: TemporaryFiles;
  readonly #plan: RecordPlan;
  readonly #tracefs: Tracefs;
  readonly #journal: Journal;
  readonly #buffers: readonly OpenBuffer[];
  readonly #clocks: string;
  readonly #cpuCount: number;
  readonly #texts: KernelTexts;
  readonly #traceId = randomBytes(8).readBigUInt64LE();
  readonly #tsc: TscScale | undefined;
  readonly #date: string | undefined;
  #capture: Capture | undefined;
  #captured: CaptureResult | undefined;
  #processMaps = new ProcessMaps([]);
  #mapTexts: readonly string[] = [];
  #stats: readonly (readonly CpuStats[])[] = [];
  #commandLines: Uint8Array = new Uint8Array(0);

  /** Sets the kernel up, with tracing off. Throws before it touches anything when the plan does not fit this kernel. */
  constructor(plan: RecordPlan, tracefs: Tracefs, journal: Journal) {
    this.#plan = plan;
    this.#tracefs = tracefs;
    this.#journal = journal;
    this.files = TemporaryFiles.of(plan);
    checkWritable(plan.output, this.files);
    const used = plan.buffers.filter((buffer) => isUsed(buffer, plan));
    const table = readEventTable(tracefs.top);
    const matched = used.map((buffer) => matchEvents(buffer, table, plan.ignoreUnknownEvents));
    const cpus = tracefs.top.cpus();
    this.#cpuCount = (cpus.at(-1) ?? 0) + 1;
    this.#texts = new KernelTexts(tracefs.top, formatsToStore(plan, matched.flat(), table));
    this.#tsc = plan.tscToNanoseconds ? readTscScale(onlineCpus()) : undefined;

    const active = used.map((buffer, index) => {
      const instance = openInstance(buffer, tracefs, journal);
      takeOver(instance, journal);
      return { plan: buffer, instance, matched: matched[index] ?? [] };
    });
    for (const buffer of active) applyBuffer(buffer, plan, journal);
    if (plan.savedCommandLines !== undefined) applySavedCommandLines(plan.savedCommandLines, tracefs.top, journal);
    this.#buffers = active.map((buffer) => ({
      ...buffer,
      pageSize: subBufferSize(buffer.instance),
      clock: this.#tsc === undefined ? buffer.instance.clock() : 'tsc2nsec',
    }));
    const first = active[0] as ActiveBuffer;
    this.#clocks = first.instance.read('trace_clock');
    this.#date = plan.date ? measureDateOffset(first.instance.clock(), tracefs, journal) : undefined;
  }

  /** Opens all buffers and files: from here on nothing that is traced gets lost. */
  async startCapture(): Promise<void> {
    const { sleepMicroseconds, poll, maximumKb, realTimePriority } = this.#plan;
    const tasks = this.#buffers.flatMap(({ plan: { name }, instance, pageSize }) =>
      instance.cpus().map((cpu) => ({
        ...{ buffer: name, cpu, rawPath: instance.rawPipe(cpu), subBufferSize: pageSize },
        outputPath: this.files.cpu(name, cpu),
      })),
    );
    this.#capture = await Capture.start(tasks, {
      sleepMicroseconds: sleepMicroseconds ?? 0,
      poll,
      maximumBytes: 1024 * maximumKb,
      realTimePriority,
    });
  }

  /** Sets the pids to trace, and those not to. `command` is that of the traced command, or of this program. */
  limitToProcesses(command: number, hasCommand: boolean): void {
    for (const buffer of this.#buffers) {
      applyPids(buffer, this.#plan, command, this.#journal);
      if (!this.#plan.traceRecorder) ignoreOwnThreads(buffer, this.#journal);
    }
    const mapped = this.#buffers.filter(({ plan }) => plan.processMaps);
    const pids = mapped.flatMap(({ plan }) => (plan.name === '' && hasCommand ? [...plan.pids, command] : plan.pids));
    this.#processMaps = new ProcessMaps(pids);
  }

  /** Switches tracing on. */
  go(): void {
    for (const buffer of this.#buffers) applyTriggers(buffer, this.#journal);
    for (const { instance } of this.#buffers) instance.write('1', 'tracing_on');
    this.#processMaps.start();
  }

  /** Writes what a trace file can be restored with, should this program be killed. */
  async saveMetadata(): Promise<void> {
    this.#texts.read();
    const empty = this.#buffers.map((buffer) => this.#bufferContent(buffer, []));
    this.#commandLines = readCommandLines(this.#tracefs.top);
    const unfinished = this.files.unfinishedMetadata;
    await writeTraceFile(unfinished, this.#content(empty), { fileVersion: 7, compression: 'none' });
    renameSync(unfinished, this.files.metadata);
  }

  /** Resolves with the reason when the capture failed while it went on. */
  failure(): Promise<string> {
    return this.#running.failure();
  }

  /** Counts so far, of all buffers together. */
  progress(): { readonly bytesByCpu: ReadonlyMap<number, number>; readonly events: number; readonly lost: number } {
    let [events, lost] = [0, 0];
    for (const { instance } of this.#buffers) {
      for (const cpu of readStats(instance)) {
        events += cpu.events;
        lost += cpu.lost;
      }
    }
    return { bytesByCpu: this.#running.progress(), events, lost };
  }

  get #running(): Capture {
    if (this.#capture === undefined) throw new Error('the capture has not been started');
    return this.#capture;
  }

  /**
   * Switches tracing off, takes what is left, and puts the kernel back (or leaves it, with `-k`). Returns what went
   * wrong, one line each.
   */
  async stop(): Promise<string[]> {
    for (const { instance } of this.#buffers) instance.write('0', 'tracing_on');
    this.#mapTexts = this.#processMaps.stop();
    this.#captured = await this.#running.stop();
    this.#stats = this.#buffers.map(({ instance }) => readStats(instance));
    this.#commandLines = readCommandLines(this.#tracefs.top);
    if (this.#plan.keep) this.#journal.forget();
    else for (const { instance } of this.#buffers) instance.write('', 'trace');
    return [...this.#captured.problems, ...this.#journal.undo()];
  }

  /** Counts by buffer and CPU, when it was stopped. */
  recorded(): RecordedBuffer[] {
    return this.#buffers.map(({ plan: { name } }, index) => {
      const bytes = new Map(this.#capturedCpus(name).map(({ cpu, size }) => [cpu, size]));
      return {
        name,
        cpus: (this.#stats[index] ?? []).map((stats) => ({ ...stats, bytes: bytes.get(stats.cpu) ?? 0 })),
      };
    });
  }

  /** Makes the trace file and removes the temporary ones. Returns its size in bytes. */
  async assemble(): Promise<number> {
    this.#texts.read();
    const buffers = this.#buffers.map((buffer) => this.#bufferContent(buffer, this.#capturedCpus(buffer.plan.name)));
    const size = await writeTraceFile(this.#plan.output, this.#content(buffers), this.#plan);
    this.removeTemporaryFiles();
    return size;
  }

  removeTemporaryFiles(): void {
    for (const { task } of this.#captured?.cpus ?? []) rmSync(task.outputPath, { force: true });
    for (const path of [this.files.metadata, this.files.unfinishedMetadata]) rmSync(path, { force: true });
  }

  #capturedCpus(buffer: string): CapturedCpu[] {
    return (this.#captured?.cpus ?? [])
      .filter(({ task }) => task.buffer === buffer)
      .map(({ task, bytes }) => new CapturedCpu(task.cpu, task.outputPath, bytes));
  }

  #bufferContent({ plan: { name }, clock, pageSize }: OpenBuffer, cpus: readonly CapturedCpu[]): BufferContent {
    return { name, clock, pageSize, cpus };
  }

  #content(buffers: readonly BufferContent[]): TraceContent {
    const cpuCount = this.#cpuCount;
    const { fileVersion, hooks, tsOffset } = this.#plan;
    const options = metadataOptions({
      ...NATIVE,
      ...{ fileVersion, hooks, tsOffset, cpuCount },
      date: this.#date,
      clocks: this.#clocks,
      uname: unameText(),
      recorder: this.#plan.recorder,
      traceId: this.#buffers[0]?.plan.name === '' ? this.#traceId : undefined,
      stats: this.#buffers.map(({ plan }, index) => ({ buffer: plan.name, cpus: this.#stats[index] ?? [] })),
      processMaps: this.#mapTexts,
      tsc: this.#tsc,
    });
    return {
      ...NATIVE,
      ...this.#texts.read(),
      commandLines: this.#commandLines,
      ...{ cpuCount, options },
      buffers: withTopBuffer(buffers),
    };
  }
}

/** The formats of what is named, also of what is excluded; all there are when nothing is. */
function formatsToStore(plan: RecordPlan, matched: readonly MatchedEvents[], table: EventTable): EventTable {
  if (plan.allFormats || matched.length === 0) return table;
  return bySystem(matched.flatMap(({ events }) => events));
}
