import type { ByteWriter } from '../../base/byte-writer.ts';
import { ZERO_HALF } from '../../base/u64.ts';
import type { EventFormat } from '../../format/event-format.ts';
import { compilePrintFormat } from '../../format/print-fmt/compile.ts';
import type { EventRecord } from '../../format/record.ts';
import type { KernelSymbol } from '../../names/symbols.ts';
import type { InfoWriter, TextContext } from '../events/context.ts';
import type { FunctionStacks } from '../events/function-stacks.ts';
import type { PluginOptions } from '../events/options.ts';
import type { LineTime } from './line-writer.ts';
import { rehearseTexts } from './rehearse.ts';
import type { ReportFile } from './report-file.ts';
import type { TimeColumn } from './time-column.ts';

/** A look at what comes after the event that a report stands on. */
export interface ComingEvents {
  /** The next event of the same buffer. */
  peek(): EventRecord | undefined;
  /** Leaves out what `peek` found. */
  skip(): void;
}

/** The function at an address of a guest, by the host thread that runs the guest's CPU. */
export type GuestSymbols = (pid: number, hi: number, lo: number) => KernelSymbol | undefined;

/** What all files of a report share. */
export interface ReportContext {
  readonly options: PluginOptions;
  readonly functionStacks: FunctionStacks;
  readonly coming: ComingEvents;
}

/** What the texts of one file's events may ask for. */
export class FileContext implements TextContext, LineTime {
  readonly env;
  readonly options;
  readonly functionStacks;
  readonly functionArguments;
  /** The time of the line that is being written. */
  timeHi = 0;
  timeLo = ZERO_HALF;
  readonly #file: ReportFile;
  readonly #coming: ComingEvents;
  readonly #time: TimeColumn;
  readonly #guestSymbols: GuestSymbols;

  /** `knowsCalls`: as in `PrintEnvironment`. */
  constructor(
    file: ReportFile,
    shared: ReportContext,
    time: TimeColumn,
    guestSymbols: GuestSymbols,
    knowsCalls: boolean,
  ) {
    this.env = { ...file.env, knowsCalls };
    this.options = shared.options;
    this.functionStacks = shared.functionStacks;
    this.functionArguments = file.functionArguments;
    this.#file = file;
    this.#coming = shared.coming;
    this.#time = time;
    this.#guestSymbols = guestSymbols;
  }

  findEvent(system: string, name: string): EventFormat | undefined {
    return this.#file.events.find(system, name);
  }

  printFormat(event: EventFormat): InfoWriter {
    rehearseTexts();
    return compilePrintFormat(event, this.env);
  }

  writeTimeBefore(out: ByteWriter, _record: EventRecord, hi: number, lo: number): void {
    const borrow = this.timeLo < lo ? 1 : 0;
    this.#time.writeNumber(out, (this.timeHi - hi - borrow) >>> 0, (this.timeLo - lo) >>> 0);
  }

  peek(_record: EventRecord): EventRecord | undefined {
    return this.#coming.peek();
  }

  consume(_record: EventRecord): void {
    this.#coming.skip();
  }

  resolveGuestSymbol(pid: number, hi: number, lo: number): KernelSymbol | undefined {
    return this.#guestSymbols(pid, hi, lo);
  }
}
