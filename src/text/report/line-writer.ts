import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { ConstantText } from '../../base/constant-text.ts';
import type { TextVersion } from '../../format/environment.ts';
import type { EventFormat } from '../../format/event-format.ts';
import type { SmallReader } from '../../format/field-reader.ts';
import type { EventRecord, RecordBytes } from '../../format/record.ts';
import type { PlacedRecord, SubBufferLayout } from '../../ring-buffer/record-cursor.ts';
import type { InfoWriter } from '../events/context.ts';
import type { FlagsColumn } from '../latency-flags.ts';
import type { BoundColumn } from './bound-column.ts';
import type { DifferenceColumn } from './difference-column.ts';
import type { SubBufferNotes } from './sub-buffer-notes.ts';
import type { TaskColumn } from './task-column.ts';
import type { TimeColumn } from './time-column.ts';
import type { WakeupLatency } from './wakeup-latency.ts';

/** Writes what a report has for one event. The time is passed apart: the record's own may be a raw stamp. */
export interface EventWriter {
  write(out: ByteWriter, record: PlacedRecord, timeHi: number, timeLo: number): void;
}

/** The time of the line that is being written. */
export interface LineTime {
  timeHi: number;
  timeLo: number;
}

/** What all lines of a report have in common. */
export interface LineStyle {
  readonly version: TextVersion;
  /** Lost events are shown only where trace-cmd shows them. */
  readonly compat: boolean;
  /** `-l` */
  readonly latency: boolean;
  /** `-R`: fields instead of texts. */
  readonly raw: boolean;
  /** `--ts-diff`; one for all files. */
  readonly difference: DifferenceColumn | undefined;
}

/** The events of one file, by the id that their records begin with. */
export interface EventLookup {
  readonly readId: SmallReader;
  readonly readPid: SmallReader;
  readonly readFlags: SmallReader;
  /** Bytes that a record must have for these. */
  readonly commonSize: number;
  find(id: number): EventFormat | undefined;
  /** How the event's text is written: its own, its print format, or its fields. */
  infoWriter(event: EventFormat): InfoWriter;
}

/** The columns of the lines of one buffer. */
export interface LineColumns {
  /** The file's or the buffer's name, where there are several. */
  readonly prefix: Uint8Array;
  readonly events: EventLookup;
  readonly task: TaskColumn;
  readonly flags: FlagsColumn;
  readonly time: TimeColumn;
  /** `--bounds` */
  readonly bound: BoundColumn | undefined;
  /** Differences of times are taken in microseconds. */
  readonly differenceInMicroseconds: boolean;
  readonly layout: SubBufferLayout;
  /** Where the texts of events find the time of their line. */
  readonly line: LineTime;
  /** `--boundary`, `--debug` */
  readonly notes: SubBufferNotes | undefined;
  /** `-w` */
  readonly wakeup: WakeupLatency | undefined;
}

/** What is written of an event whose type is known: the column of its name, and its text. */
interface KnownEvent {
  readonly name: ConstantText;
  readonly info: InfoWriter;
}

/** The columns of one CPU. */
interface KnownCpu {
  readonly text: ConstantText;
  /** With the task's column before it, by pid. */
  readonly columns: Map<number, ConstantText>;
  /** What ran there last and has a name, and its column. */
  pid: number;
  column: ConstantText;
}

/** So many tasks' columns are kept per CPU: of hundreds of CPUs all together must not take much memory. */
const MOST_TASKS = 256;
const NEWLINE = 0x0a;
const BLANK = 0x20;
const NAME_WIDTH = 20;
const LONGEST_EVENT_HEADER = 8;
const UNKNOWN = utf8('[UNKNOWN EVENT]');
const UNKNOWN_NAME = nameColumn('(NULL)');
const FLAGS_IN_HEX = utf8('-0x');
const CPU = utf8('CPU:');
const DROPPED = utf8(' EVENTS DROPPED]\n');
const SOME_DROPPED = utf8(' [EVENTS DROPPED]\n');

function nameColumn(name: string): ConstantText {
  return new ConstantText(` ${name}: ${' '.repeat(Math.max(0, NAME_WIDTH - utf8(name).length))}`);
}

/**
 * Writes the lines of one buffer: `COMM-PID [CPU] FLAGS TIME: NAME: TEXT`, and the line before it that tells of lost
 * events. What depends on the event type or the CPU alone is made once and copied.
 */
export class LineWriter implements EventWriter {
  readonly #style: LineStyle;
  readonly #columns: LineColumns;
  /** By event id; null for ids that the file does not describe. */
  readonly #known: (KnownEvent | null | undefined)[] = [];
  readonly #cpus: KnownCpu[] = [];
  readonly #showsFlags: boolean;

  constructor(style: LineStyle, columns: LineColumns) {
    this.#style = style;
    this.#columns = columns;
    this.#showsFlags = style.latency || style.version !== '3.1';
  }

  write(out: ByteWriter, record: PlacedRecord, timeHi: number, timeLo: number): void {
    const { prefix, events, line, notes } = this.#columns;
    line.timeHi = timeHi;
    line.timeLo = timeLo;
    out.bytes(prefix);
    if (record.missed !== 0) this.#writeLost(out, record);
    notes?.writeBefore(out, record);
    const id = events.readId(record);
    const isWhole = record.end - record.start >= events.commonSize;
    const known = isWhole ? (this.#known[id] ?? this.#learn(id)) : null;
    if (known === null) this.#writeUnknown(out, record, timeHi, timeLo);
    else {
      this.#writeTask(out, record);
      this.#columns.time.write(out, timeHi, timeLo);
      this.#writeDifference(out, timeHi, timeLo);
      this.#columns.bound?.write(out, record);
      out.constant(known.name);
      known.info(out, record);
    }
    if (out.at(out.length - 1) === NEWLINE) out.truncate(out.length - 1);
    notes?.writeAfter(out, record);
    this.#columns.wakeup?.write(out, id, record, timeHi, timeLo);
    out.byte(NEWLINE);
  }

  /** trace-cmd forgets lost events where a time extend comes before the first event. */
  #writeLost(out: ByteWriter, record: PlacedRecord): void {
    if (!this.#style.compat || this.#standsFirst(record)) writeLost(out, record);
  }

  /** Nothing comes before the event in its sub-buffer but the event's own header, of 4 or 8 bytes. */
  #standsFirst({ start, subBuffer }: PlacedRecord): boolean {
    return start - subBuffer - this.#columns.layout.dataOffset <= LONGEST_EVENT_HEADER;
  }

  #writeTask(out: ByteWriter, record: EventRecord): void {
    const { events, flags } = this.#columns;
    const pid = events.readPid(record);
    const cpu = this.#cpus[record.cpu] ?? this.#learnCpu(record.cpu);
    if (cpu.pid === pid) out.constant(cpu.column);
    else this.#enterTask(out, cpu, pid);
    if (!this.#showsFlags) return;
    if (this.#style.raw) this.#writeFlagsInHex(out, record);
    else flags(out, record);
  }

  #writeFlagsInHex(out: ByteWriter, record: RecordBytes): void {
    out.bytes(FLAGS_IN_HEX);
    out.hex(this.#columns.events.readFlags(record));
  }

  #writeDifference(out: ByteWriter, timeHi: number, timeLo: number): void {
    this.#style.difference?.write(out, timeHi, timeLo, this.#columns.differenceInMicroseconds);
  }

  /** A record of a type that the file does not describe: every column says so. */
  #writeUnknown(out: ByteWriter, record: EventRecord, timeHi: number, timeLo: number): void {
    out.bytes(UNKNOWN);
    if (this.#showsFlags) {
      if (this.#style.raw) this.#writeFlagsInHex(out, record);
      else out.bytes(UNKNOWN);
    }
    out.bytes(UNKNOWN);
    this.#writeDifference(out, timeHi, timeLo);
    this.#columns.bound?.write(out, record);
    out.constant(UNKNOWN_NAME);
    out.bytes(UNKNOWN);
  }

  #learn(id: number): KnownEvent | null {
    const { events } = this.#columns;
    const event = events.find(id);
    const known = event === undefined ? null : { name: nameColumn(event.name), info: events.infoWriter(event) };
    this.#known[id] = known;
    return known;
  }

  /** Writes the columns of a task and of the CPU where another one ran before. */
  #enterTask(out: ByteWriter, cpu: KnownCpu, pid: number): void {
    const { task } = this.#columns;
    let column = cpu.columns.get(pid);
    if (column === undefined) {
      // A task without a name may get one at any time.
      if (!task.isNamed(pid)) {
        task.write(out, pid);
        out.constant(cpu.text);
        return;
      }
      column = this.#columnOf(pid, cpu.text);
      if (cpu.columns.size === MOST_TASKS) cpu.columns.clear();
      cpu.columns.set(pid, column);
    }
    cpu.pid = pid;
    cpu.column = column;
    out.constant(column);
  }

  /** The columns of a task and of a CPU. */
  #columnOf(pid: number, cpu: ConstantText): ConstantText {
    return new ConstantText(Uint8Array.of(...this.#columns.task.of(pid).bytes, ...cpu.bytes));
  }

  #learnCpu(cpu: number): KnownCpu {
    // The blank before the flags is part of this column: there is none in latency format and before flags in hex.
    const blank = this.#showsFlags && !this.#style.latency && !this.#style.raw ? ' ' : '';
    const number = String(cpu);
    const text = new ConstantText(this.#style.latency ? number.padStart(3) : `[${number.padStart(3, '0')}]${blank}`);
    // The idle task has a name always.
    const known = { text, columns: new Map(), pid: 0, column: this.#columnOf(0, text) };
    this.#cpus[cpu] = known;
    return known;
  }
}

/** `CPU:0 [17 EVENTS DROPPED]`, or without a number where the kernel does not know it. */
function writeLost(out: ByteWriter, record: EventRecord): void {
  out.bytes(CPU);
  out.decimal(record.cpu);
  if (record.missed < 0) out.bytes(SOME_DROPPED);
  else {
    out.byte(BLANK);
    out.byte(0x5b);
    out.decimal(record.missed);
    out.bytes(DROPPED);
  }
}
