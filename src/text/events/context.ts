import type { ByteWriter } from '../../base/byte-writer.ts';
import type { PrintEnvironment } from '../../format/environment.ts';
import type { EventFormat } from '../../format/event-format.ts';
import type { EventRecord } from '../../format/record.ts';
import type { KernelSymbol } from '../../names/symbols.ts';
import type { FunctionArguments } from './function-arguments.ts';
import type { FunctionStacks } from './function-stacks.ts';
import type { PluginOptions } from './options.ts';

/** Writes what a line says after the event's name. May end with a newline, which the line drops. */
export type InfoWriter = (out: ByteWriter, record: EventRecord) => void;

/**
 * Makes the writer of one event type ready, once per file. Undefined when this event has no text of its own
 * after all: the print format is used.
 */
export type FamilyFactory = (event: EventFormat, context: TextContext) => InfoWriter | undefined;

/** What event texts need besides the record: the names of one file, and a look at what comes next. */
export interface TextContext {
  readonly env: PrintEnvironment;
  readonly options: PluginOptions;
  /** One for all files of a report, as in trace-cmd: CPUs of the same number share a stack. */
  readonly functionStacks: FunctionStacks;
  /** Of the file's own kernel. */
  readonly functionArguments: FunctionArguments;

  findEvent(system: string, name: string): EventFormat | undefined;
  /** The event's print format, as a writer. */
  printFormat(event: EventFormat): InfoWriter;
  /**
   * The number of the time column, without the blank before and the colon after it, for a time `hi:lo` units before
   * that of the line for `record`. (The record's own stamp may be a raw one.)
   */
  writeTimeBefore(out: ByteWriter, record: EventRecord, hi: number, lo: number): void;

  /**
   * The record that follows `record` in its buffer: the earliest of all CPUs, no filter applied, equal times by
   * CPU number. It must leave `record` as it is.
   */
  peek(record: EventRecord): EventRecord | undefined;
  /** The record that `peek` gave last has been shown together with `record`: leave it out. */
  consume(record: EventRecord): void;

  /** The guest function at an address that a host thread of that guest ran, by the guest's own symbols. */
  resolveGuestSymbol(pid: number, hi: number, lo: number): KernelSymbol | undefined;
}

/** The event's print format, made ready when the first record needs it. */
export function lazyPrintFormat(event: EventFormat, context: TextContext): InfoWriter {
  let write: InfoWriter | undefined;
  return (out, record) => {
    write ??= context.printFormat(event);
    write(out, record);
  };
}
