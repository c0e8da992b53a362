import { TandemError } from '../base/errors.ts';
import type { FilterOption } from '../filter/plan.ts';
import type { TextVersion } from '../format/environment.ts';

/** One file to read, with what the command line says of its times. */
export interface ReportInput {
  readonly path: string;
  /** `--ts-offset`, ns. */
  tsOffset: bigint;
  /** `--ts2secs`: ticks per second. */
  ticksPerSecond: number | undefined;
}

/** What can be asked for instead of events: of several questions trace-cmd answers the first of these. */
const QUESTIONS = [
  ...(['page-size', 'endian', 'formats', 'check-events', 'functions', 'printk', 'events'] as const),
  ...(['cpus', 'version', 'uname', 'stat'] as const),
] as const;

export type Question = (typeof QUESTIONS)[number];

/** Switches that are on or off for the whole run. */
export type ReportFlag =
  | Question
  | ('first-event' | 'last-event')
  | ('alone' | 'json' | 'quiet' | 'filter-test' | 'no-hardirq' | 'no-softirq' | 'wakeup')
  | ('nanoseconds' | 'latency' | 'raw' | 'print-formats' | 'boundary' | 'debug')
  | ('ts-diff' | 'bounds' | 'ts-check' | 'raw-ts' | 'align-ts' | 'nodate');

const DEFAULT_INPUT = 'trace.dat';

/**
 * A `tandem report` command line, taken in option by option: `-F`, `--ts-offset` and `--ts2secs` mean the file named
 * before them, or all files if none was. The order rules, odd as some are, are trace-cmd's.
 */
export class ReportPlan {
  readonly inputs: ReportInput[] = [];
  /** `-F`, `-v` and `-i` in their order. */
  readonly filters: FilterOption[] = [];
  /** The arguments of `--pid`, `--comm`, `--cpu`, `-r`, `-n` and `-O`, each list in order. */
  readonly pids: string[] = [];
  readonly comms: string[] = [];
  readonly cpus: string[] = [];
  readonly rawEvents: string[] = [];
  readonly plainEvents: string[] = [];
  readonly pluginOptions: string[] = [];
  readonly flags = new Set<ReportFlag>();
  /** `--compat`: print as this version, read only the files named, with its arithmetic of clocks. */
  compat: TextVersion | undefined;
  kallsyms: string | undefined;
  /** Which formats `--events` and `--event` print. */
  formats: string | undefined;
  from: string | undefined;
  to: string | undefined;
  #ticksPerSecond: number | undefined;

  get version(): TextVersion {
    return this.compat ?? '3.4';
  }

  get question(): Question | undefined {
    return QUESTIONS.find((question) => this.flags.has(question));
  }

  addInput(path: string): void {
    this.inputs.push({ path, tsOffset: 0n, ticksPerSecond: undefined });
    this.filters.push('file');
  }

  excludeFromNowOn(): void {
    if (this.filters.includes('exclude')) throw new TandemError('USAGE', '-v', 'can be given only once');
    this.filters.push('exclude');
  }

  setTsOffset(text: string): void {
    const input = this.inputs.at(-1);
    if (input === undefined) throw new TandemError('USAGE', '--ts-offset', 'must come after the -i it belongs to');
    if (this.inputs.length > 1) input.tsOffset = leadingInteger(text);
  }

  setTicksPerSecond(text: string): void {
    const ticks = Number(BigInt.asUintN(64, leadingInteger(text))) || undefined;
    const input = this.inputs.at(-1);
    if (this.inputs.length > 1 && input !== undefined) input.ticksPerSecond = ticks;
    else this.#ticksPerSecond = ticks;
  }

  /** Ends the reading of the command line: `operands` are files without `-i`. */
  finish(operands: readonly string[]): void {
    // trace-cmd 3.1 looks only at the first of them.
    for (const operand of this.compat === '3.1' ? operands.slice(0, 1) : operands) this.addInput(operand);
    if (this.inputs.length === 0) this.addInput(DEFAULT_INPUT);
    for (const input of this.inputs) input.ticksPerSecond ??= this.#ticksPerSecond;
    if (this.inputs.length > 1 && this.flags.has('wakeup'))
      throw new TandemError('USAGE', '-w', 'wakeup latencies can be shown of one file only');
  }
}

/** The number that a text begins with, as C's atoll reads it: 0 if there is none. */
function leadingInteger(text: string): bigint {
  const digits = /^\s*([+-]?)(\d+)/.exec(text);
  if (digits === null) return 0n;
  const value = BigInt(digits[2] as string);
  return BigInt.asIntN(64, digits[1] === '-' ? -value : value);
}
