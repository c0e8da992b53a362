import type { PrintEnvironment, TextVersion } from '../../format/environment.ts';
import { EventTable } from '../../format/event-table.ts';
import type { FormatOptions } from '../../format/format-options.ts';
import { parseEventFormat } from '../../format/parse-event.ts';
import { type CommTable, parseCmdlines } from '../../names/comms.ts';
import { type PrintkFormats, parsePrintkFormats } from '../../names/printk.ts';
import { type KernelSymbol, parseKallsyms, type SymbolTable } from '../../names/symbols.ts';
import { OPTION, SECTION } from '../../trace-file/ids.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { blktraceFormat } from '../events/blktrace.ts';
import { Btf } from '../events/btf.ts';
import { FunctionArguments } from '../events/function-arguments.ts';
import { LastBootSymbols } from './last-boot.ts';

const FTRACE = 'ftrace';

/** A trace file with the names that its events' texts need. */
export interface ReportFile {
  readonly trace: TraceFile;
  /** What lines call it: the base name of its path. */
  readonly label: string;
  readonly env: PrintEnvironment & {
    readonly symbols: SymbolTable & Iterable<KernelSymbol>;
    readonly comms: CommTable;
    readonly printk: PrintkFormats;
  };
  /** The event types that the file describes. */
  readonly described: EventTable;
  /** These, and block trace events, which no file describes. */
  readonly events: EventTable;
  readonly functionArguments: FunctionArguments;
}

/** Reads formats and names of an opened file. `moreSymbols` is kallsyms text to use besides the file's own. */
export async function loadReportFile(
  trace: TraceFile,
  label: string,
  version: TextVersion,
  moreSymbols?: Uint8Array,
): Promise<ReportFile> {
  const { littleEndian } = trace.header;
  const longSize = trace.buffers[0]?.layout.commitSize ?? (trace.header.userLongSize as 4 | 8);
  const text = async (id: number) => (await trace.readSection(id)) ?? new Uint8Array(0);
  const kallsyms = parseKallsyms(joined(moreSymbols, await text(SECTION.KALLSYMS)));
  const lastBoot = trace.options.findLast(({ id }) => id === OPTION.LAST_BOOT_INFO);
  const env = {
    littleEndian,
    longSize,
    version,
    symbols:
      version === '3.1' || lastBoot === undefined
        ? kallsyms
        : LastBootSymbols.of(kallsyms, lastBoot.data, await text(SECTION.MODULES)),
    comms: parseCmdlines(await text(SECTION.CMDLINES)),
    printk: parsePrintkFormats(await text(SECTION.PRINTK)),
  };
  const described = describedEvents(trace, { longSize, version });
  const btf = await text(SECTION.BTF);
  return {
    trace,
    label,
    env,
    described,
    events: withBlktrace(described, { longSize, version }),
    functionArguments: new FunctionArguments(
      btf.length > 0 && version !== '3.1' ? new Btf(btf, littleEndian, `${trace.source.name}: BTF`) : undefined,
    ),
  };
}

/** Both texts, a line end between them. */
function joined(first: Uint8Array | undefined, second: Uint8Array): Uint8Array {
  if (first === undefined) return second;
  const all = new Uint8Array(first.length + 1 + second.length);
  all.set(first);
  all[first.length] = 0x0a;
  all.set(second, first.length + 1);
  return all;
}

function describedEvents(trace: TraceFile, options: FormatOptions): EventTable {
  const { ftraceFormats, systems } = trace.texts;
  return EventTable.parse(
    [
      ...ftraceFormats.map((text) => ({ system: FTRACE, text })),
      ...systems.flatMap(({ name, formats }) => formats.map((text) => ({ system: name, text }))),
    ],
    options,
  );
}

function withBlktrace(described: EventTable, options: FormatOptions): EventTable {
  const blktrace = blktraceFormat((system, name) => described.find(system, name));
  if (blktrace === undefined) return described;
  return new EventTable([...described, parseEventFormat(blktrace, FTRACE, options)], described.errors);
}
