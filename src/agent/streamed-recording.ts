import { within } from '../base/within.ts';
import type { Journal } from '../kernel/journal.ts';
import { readCommandLines, unameText } from '../kernel/metadata.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import { applyWakeups } from '../record/apply.ts';
import { Capture } from '../record/capture.ts';
import type { CaptureThreads } from '../record/capture-threads.ts';
import { openCompressor } from '../record/compressors.ts';
import { type KernelSymbols, KernelTexts } from '../record/kernel-texts.ts';
import { metadataOptions } from '../record/metadata-options.ts';
import { NATIVE, presentCpus } from '../record/native.ts';
import { limitToPids } from '../record/pids.ts';
import type { RecordPlan } from '../record/plan.ts';
import { cpuCountOf, type KernelSetup, type OpenBuffer, setUpKernel, switchOn } from '../record/setup.ts';
import { readStats } from '../record/stats.ts';
import { writeV6 } from '../trace-file/write/write-v6.ts';
import { writeV7 } from '../trace-file/write/write-v7.ts';
import { BytesSink } from './bytes-sink.ts';
import type { DataOutput } from './data-ports.ts';

/** Room for what there is besides function names, in most recordings. */
const FORMAT_BYTES = 1 << 20;

/** Counts of a recording that is over. */
export interface Counts {
  readonly events: number;
  readonly lost: number;
}

/**
 * A recording of one buffer whose data goes to somebody else, CPU by CPU, and who makes the trace file of it. The steps
 * in their order: the constructor and `prepared`, `metadata`, `start`, `stop`. Whatever fails between, undoing the
 * journal puts the kernel back.
 */
export class StreamedRecording {
  readonly #plan: RecordPlan;
  readonly #tracefs: Tracefs;
  readonly #journal: Journal;
  readonly #kernel: KernelSetup;
  readonly #buffer: OpenBuffer;
  #capture: Capture | undefined;

  /** Sets the kernel up, with tracing off. Throws before it touches anything when the plan does not fit this kernel. */
  constructor(plan: RecordPlan, tracefs: Tracefs, journal: Journal) {
    this.#plan = plan;
    this.#tracefs = tracefs;
    this.#journal = journal;
    this.#kernel = setUpKernel(plan, tracefs, journal);
    this.#buffer = this.#kernel.buffers[0] as OpenBuffer;
    applyWakeups(this.#buffer, plan, journal);
  }

  /** Resolves when what was in the buffer is gone. */
  get prepared(): Promise<void> {
    return this.#kernel.emptied;
  }

  /** CPUs whose data is sent: those that are there. One that is plugged in later is not recorded. */
  get cpuCount(): number {
    return Math.min(cpuCountOf(this.#tracefs), (presentCpus().at(-1) ?? 0) + 1);
  }

  /** Bytes of a sub-buffer. */
  get pageSize(): number {
    return this.#buffer.pageSize;
  }

  /** The kernel's name of the clock. */
  get clock(): string {
    return this.#buffer.instance.clock();
  }

  /** The beginning of a trace file: everything that goes before the data, to which stock recorders add the rest. */
  async metadata(traceId: bigint, symbols: KernelSymbols): Promise<Uint8Array> {
    const { cpuCount, pageSize } = this;
    const { fileVersion, compression } = this.#plan;
    const options = metadataOptions({
      ...{ ...NATIVE, ...this.#plan, ...this.#kernel, cpuCount, traceId },
      ...{ uname: unameText(), stats: [], guests: [], processMaps: [] },
    });
    const texts = new KernelTexts(this.#tracefs.top, this.#kernel.formats, symbols).read();
    const commandLines = readCommandLines(this.#tracefs.top);
    const content = { ...NATIVE, ...texts, commandLines, cpuCount, pageSize, options, buffers: [] };
    const sink = new BytesSink(texts.kallsyms.length + FORMAT_BYTES);
    if (fileVersion === 6) await writeV6(content, sink);
    else await writeV7(content, sink, await openCompressor(compression));
    return sink.bytes;
  }

  /** Sends data from now on, and switches tracing on. An output for each CPU, from 0. */
  async start(threads: CaptureThreads, outputs: readonly DataOutput[]): Promise<void> {
    const { instance, pageSize, rawFile } = this.#buffer;
    const tasks = outputs.map(({ fd, text }, cpu) => ({
      ...{ buffer: '', cpu, rawPath: instance.ofCpu(cpu, rawFile), subBufferSize: pageSize },
      ...{ outputPath: text, outputFd: fd },
    }));
    const { sleepMicroseconds, poll, realTimePriority } = this.#plan;
    this.#capture = await Capture.start(threads, tasks, {
      ...{ sleepMicroseconds: sleepMicroseconds ?? 0, poll, maximumBytes: 0, realTimePriority },
    });
    limitToPids(this.#kernel.buffers, this.#plan, undefined, this.#journal);
    switchOn(this.#kernel.buffers, this.#journal);
  }

  /** Resolves with the reason when data can't be sent any more. */
  failure(): Promise<string> {
    return this.#capture?.failure() ?? new Promise(() => {});
  }

  /** Bytes sent so far. */
  get bytes(): number {
    let bytes = 0;
    for (const ofCpu of this.#capture?.progress().values() ?? []) bytes += ofCpu;
    return bytes;
  }

  /**
   * Switches tracing off and sends the rest, as long as some of it is taken every `stallMs`. Returns what went wrong,
   * one line each.
   */
  async stop(stallMs: number): Promise<readonly string[]> {
    const capture = this.#capture;
    if (capture === undefined) return [];
    this.#buffer.instance.write('0', 'tracing_on');
    const stopped = capture.stop();
    for (let before = -1; before !== this.bytes; ) {
      before = this.bytes;
      if ((await within(stopped, stallMs)) !== undefined) break;
    }
    capture.giveUp();
    this.#capture = undefined;
    return (await stopped).problems;
  }

  counts(): Counts {
    const { instance, statsBefore } = this.#buffer;
    let [events, lost] = [0, 0];
    for (const cpu of readStats(instance, statsBefore)) {
      events += cpu.events;
      lost += cpu.lost;
    }
    return { events, lost };
  }
}
