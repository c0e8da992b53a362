import { contextFilter } from '../../filter/context-filter.ts';
import type { RecordFilter } from '../../filter/record-filter.ts';
import type { EventRecord } from '../../format/record.ts';
import type { PlacedRecord } from '../../ring-buffer/record-cursor.ts';
import { countsNanoseconds } from '../../time/clock.ts';
import { Correction } from '../../time/correction.ts';
import { bufferTimes, mergeOrder, type TimeSettings } from '../../timeline/buffer-times.ts';
import type { TimelineInput } from '../../timeline/lane.ts';
import { windowBytesOf } from '../../timeline/open-timeline.ts';
import { openCpuStream, type PlacedCpuStream } from '../../trace-file/cpu-stream.ts';
import type { TraceBuffer } from '../../trace-file/types.ts';
import { compileFlagsColumn, ExtraColumns, type FlagsColumn } from '../latency-flags.ts';
import { BoundColumn } from './bound-column.ts';
import { type CpuChoice, chooseCpus, chooseNumberedCpus } from './cpu-choice.ts';
import type { DataPlace } from './data-places.ts';
import { DifferenceColumn } from './difference-column.ts';
import { chooseEvents } from './event-choice.ts';
import { FileContext, type GuestSymbols, type ReportContext } from './file-context.ts';
import type { FileFilter } from './file-filters.ts';
import { FileTexts, type TextChoices } from './file-texts.ts';
import { countsMicroseconds, fileTimeSettings, fileTimeStyle } from './file-times.ts';
import { guestSymbols } from './guest-symbols.ts';
import { JsonEventWriter } from './json-event.ts';
import { type EventWriter, type LineStyle, LineWriter } from './line-writer.ts';
import type { LostEvents } from './lost-events.ts';
import { type Prefixes, prefixesOf } from './prefixes.ts';
import type { ReportInput, ReportSettings } from './settings.ts';
import { SubBufferNotes, type SubBufferOffset } from './sub-buffer-notes.ts';
import { TaskColumn } from './task-column.ts';
import { TimeColumn, type TimeStyle } from './time-column.ts';
import type { WakeupLatency } from './wakeup-latency.ts';

/** Events whose text depends on the event after them, wanted or not: no filter may hide that one before. */
const LOOKING_AHEAD = ['funcgraph_entry', 'fgraph_retaddr_entry'];

/** One CPU of one buffer of one file, and how its events are shown. */
export interface ReportLane extends TimelineInput {
  /** The file's path, for messages. */
  readonly name: string;
  /** The same object for all CPUs of a buffer. */
  readonly buffer: TraceBuffer;
  readonly writer: EventWriter;
  /** Asked of each event in the order of the report; undefined where all are shown. */
  readonly shows: ((record: PlacedRecord) => boolean) | undefined;
}

/** What a report is made of besides its settings. */
export interface LanePlan {
  readonly inputs: readonly ReportInput[];
  /** By file. */
  readonly filters: readonly FileFilter[];
  readonly shared: ReportContext;
  readonly lost: LostEvents;
  /** `-w` */
  readonly wakeup: WakeupLatency | undefined;
  /** Added to all times. */
  readonly shift: bigint;
  /** Where data lies, for `--debug`. */
  readonly places: ReadonlyMap<TraceBuffer, readonly DataPlace[]> | undefined;
  /**
   * Told when an event passes a filter early whose text depends on the one after it: that one may have been hidden.
   * Undefined where no such event passes early. It costs several times as much to ask filters in merged order; so that
   * is done where it turns out to matter.
   */
  readonly looksAhead?: (() => void) | undefined;
}

/** The lanes of a report, in the order in which events of the same time are shown. */
export function reportLanes(plan: LanePlan, settings: ReportSettings): ReportLane[] {
  const files = plan.inputs.map(({ file }) => file);
  const traces = files.map(({ trace }) => trace);
  const order = mergeOrder(traces);
  const windowBytes = windowBytesOf(order.length);
  const guests = guestSymbols(files, settings.compat);
  const common: CommonParts = {
    plan,
    settings,
    choices: {
      raw: settings.raw,
      rawEvents: chooseEvents('-r', settings.rawEvents),
      plainEvents: chooseEvents('-n', settings.plainEvents),
      knownTexts: !settings.printFormats,
    },
    style: { ...settings, difference: settings.tsDiff ? new DifferenceColumn() : undefined },
    extra: new ExtraColumns(),
    prefixes: prefixesOf(files),
    showsCpu: settings.compat ? chooseNumberedCpus(settings.cpus, traces, settings.version) : chooseCpus(settings.cpus),
  };
  const parts = files.map((_, index) => new FileLanes(common, index, guests[index] as GuestSymbols));
  return order.flatMap(({ file, buffer: index, cpu }) => {
    const trace = traces[file] as (typeof traces)[number];
    const buffer = trace.buffers[index] as TraceBuffer;
    const stream = openCpuStream(trace, buffer, cpu, { windowBytes, lookahead: true });
    return parts[file]?.lane(buffer, stream) ?? [];
  });
}

/** The same for all files. */
interface CommonParts {
  readonly plan: LanePlan;
  readonly settings: ReportSettings;
  readonly choices: TextChoices;
  readonly style: LineStyle;
  readonly extra: ExtraColumns;
  readonly prefixes: Prefixes;
  readonly showsCpu: CpuChoice;
}

/** Makes the lanes of one file. */
class FileLanes {
  readonly #common: CommonParts;
  readonly #index: number;
  readonly #input: ReportInput;
  readonly #filter: FileFilter;
  readonly #times: TimeSettings;
  readonly #style: TimeStyle;
  readonly #context: FileContext;
  readonly #texts: FileTexts;
  readonly #task: TaskColumn;
  readonly #flags: FlagsColumn;
  readonly #writers = new Map<TraceBuffer, EventWriter>();
  /** By CPU. */
  readonly #streams = new Map<TraceBuffer, PlacedCpuStream[]>();

  constructor(common: CommonParts, index: number, guests: GuestSymbols) {
    const { plan, settings } = common;
    const input = plan.inputs[index] as ReportInput;
    this.#common = common;
    this.#index = index;
    this.#input = input;
    this.#filter = plan.filters[index] as FileFilter;
    this.#times = fileTimeSettings(input, settings, plan.shift);
    this.#style = fileTimeStyle(input, settings);
    this.#context = new FileContext(
      input.file,
      plan.shared,
      new TimeColumn(this.#style),
      guests,
      !settings.printFormats,
    );
    this.#texts = new FileTexts(input.file.events, this.#context, common.choices);
    this.#task = new TaskColumn(input.file.env.comms, settings.latency);
    const { env, events } = input.file;
    const [first] = events;
    this.#flags = compileFlagsColumn(first?.commonFields ?? [], env.littleEndian, env.version, common.extra);
  }

  lane(buffer: TraceBuffer, stream: PlacedCpuStream): ReportLane {
    const { trace } = this.#input.file;
    const streams = this.#streams.get(buffer) ?? [];
    streams[stream.cpu] = stream;
    this.#streams.set(buffer, streams);
    const writer = this.#writers.get(buffer) ?? this.#writer(buffer);
    this.#writers.set(buffer, writer);
    const early = this.#filtersEarly();
    return {
      name: trace.source.name,
      stream,
      correction: new Correction(stream.cpu, bufferTimes(trace, buffer, this.#times)),
      accepts: early ? this.#early() : undefined,
      unwanted: this.#unwanted(early),
      buffer,
      writer,
      shows: this.#shows(buffer, stream.cpu, early),
    };
  }

  /** Whether the filter can be asked before events are merged: it must not depend on the order of CPUs. */
  #filtersEarly(): boolean {
    const filter = this.#filter;
    if (filter === 'nothing') return true;
    if (filter === 'all' || filter.dependsOnComms || this.#input.file.trace.buffers.length > 1) return false;
    return this.#common.plan.looksAhead !== undefined || this.#lookingAhead(filter).length === 0;
  }

  /** What the streams may pass over, whatever the order of CPUs. */
  #unwanted(early: boolean): Uint8Array | undefined {
    const filter = this.#filter;
    if (typeof filter === 'string' || !this.#texts.idsLead) return undefined;
    return early || this.#lookingAhead(filter).length === 0 ? filter.unwanted : undefined;
  }

  /** Ids of events that a filter may want, and whose texts depend on events that it may not want. */
  #lookingAhead(filter: RecordFilter): number[] {
    const { events } = this.#input.file;
    return LOOKING_AHEAD.flatMap((name) => {
      const event = events.find('ftrace', name);
      return event !== undefined && filter.mayWant(event.id) ? [event.id] : [];
    });
  }

  #early(): (record: EventRecord) => boolean {
    const filter = this.#filter;
    const { lost, looksAhead } = this.#common.plan;
    const { readId } = this.#texts;
    const ahead = typeof filter === 'string' ? [] : this.#lookingAhead(filter);
    return (record) => {
      if (record.missed !== 0) lost.add(record);
      if (typeof filter === 'string') return false;
      const id = readId(record);
      if (!filter.accepts(record, id)) return false;
      if (ahead.length > 0 && ahead.includes(id)) looksAhead?.();
      return true;
    };
  }

  /** What is asked of events in merged order: the filter, unless it was asked before, then CPU and context. */
  #shows(buffer: TraceBuffer, cpu: number, early: boolean): ReportLane['shows'] {
    const { settings, showsCpu } = this.#common;
    const { events, env } = this.#input.file;
    const filter = early || typeof this.#filter === 'string' ? undefined : this.#filter;
    const { readId } = this.#texts;
    const hidden = { hardInterrupts: settings.hideHardInterrupts, softInterrupts: settings.hideSoftInterrupts };
    const [first] = events;
    const flags = first?.commonFields.find(({ name }) => name === 'common_flags');
    const hides = flags !== undefined && (hidden.hardInterrupts || hidden.softInterrupts);
    const context = hides ? contextFilter(hidden, flags, env.littleEndian) : undefined;
    const listed = showsCpu(this.#index, buffer, cpu);
    if (filter === undefined && context === undefined) return listed ? undefined : () => false;
    return (record) => {
      // The filter is asked in any case: it remembers what came.
      const passes = filter === undefined || filter.accepts(record, readId(record));
      return passes && listed && (context === undefined || context(record));
    };
  }

  #writer(buffer: TraceBuffer): EventWriter {
    const { plan, settings, style, prefixes } = this.#common;
    const { file } = this.#input;
    const common = { events: this.#texts, line: this.#context };
    if (settings.json) {
      const { littleEndian, comms } = file.env;
      return new JsonEventWriter({
        ...common,
        file: file.label,
        buffer: buffer.name,
        littleEndian,
        bound: this.#bound(buffer),
        comm: (pid) => comms.get(pid),
      });
    }
    return new LineWriter(style, {
      ...common,
      prefix: prefixes.of(this.#index, buffer),
      task: this.#task,
      flags: this.#flags,
      time: new TimeColumn(this.#style),
      bound: this.#bound(buffer),
      differenceInMicroseconds: countsMicroseconds(this.#input, settings),
      layout: buffer.layout,
      notes: settings.boundary ? new SubBufferNotes(buffer.layout, this.#subBufferOffset(buffer)) : undefined,
      wakeup: plan.wakeup,
    });
  }

  #bound(buffer: TraceBuffer): BoundColumn | undefined {
    const { trace } = this.#input.file;
    if (!this.#common.settings.bounds) return undefined;
    return new BoundColumn(bufferTimes(trace, buffer, this.#times), countsNanoseconds(trace.traceClock ?? 'local'));
  }

  /** Where the sub-buffers of a buffer's current events lie; where nobody asks, undefined. */
  #subBufferOffset(buffer: TraceBuffer): SubBufferOffset | undefined {
    const places = this.#common.plan.places?.get(buffer);
    if (places === undefined) return undefined;
    return (cpu) => (places[cpu]?.offset ?? 0) + (this.#streams.get(buffer)?.[cpu]?.subBufferPosition ?? 0);
  }
}
