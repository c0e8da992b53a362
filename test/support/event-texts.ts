import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ByteWriter, utf8 } from '../../src/base/byte-writer.ts';
import type { TextVersion } from '../../src/format/environment.ts';
import type { EventFormat } from '../../src/format/event-format.ts';
import { parseEventFormat } from '../../src/format/parse-event.ts';
import { compilePrintFormat } from '../../src/format/print-fmt/compile.ts';
import type { EventRecord } from '../../src/format/record.ts';
import { CommTable } from '../../src/names/comms.ts';
import { parsePrintkFormats } from '../../src/names/printk.ts';
import { parseKallsyms } from '../../src/names/symbols.ts';
import { blktraceFormat } from '../../src/text/events/blktrace.ts';
import { Btf } from '../../src/text/events/btf.ts';
import type { TextContext } from '../../src/text/events/context.ts';
import { FunctionArguments } from '../../src/text/events/function-arguments.ts';
import { FunctionStacks } from '../../src/text/events/function-stacks.ts';
import { PluginOptions } from '../../src/text/events/options.ts';
import { infoWriter } from '../../src/text/events/table.ts';
import { formatText, recordBytes } from './build-events.ts';
import { buildTrace, type OptionSpec, storedZstd, type TraceSpec } from './build-trace.ts';
import { ByteBuilder } from './byte-builder.ts';
import { missing } from './capabilities.ts';
import { from34 } from './stored-34.ts';

/** Events to print: the same for the real trace-cmd, through a file, and for our writers, straight. */
export interface Scenario {
  readonly formats: readonly { readonly system: string; readonly text: string }[];
  /** In the order of time, which is theirs: the n-th is at n * 1000 ns. */
  readonly records: readonly { readonly cpu: number; readonly data: Uint8Array }[];
  readonly kallsyms?: string;
  readonly printk?: string;
  readonly littleEndian?: boolean;
  readonly longSize?: 4 | 8;
  /** The kernel's BTF. */
  readonly btf?: Uint8Array;
  /** A guest in a file of its own, whose one CPU a thread of this host ran. */
  readonly guest?: { readonly pid: number; readonly kallsyms: string };
  /** Arguments of `-O`. */
  readonly options?: readonly string[];
}

const OPTION = { traceId: 11, guest: 13, btfFile: 23 };
const HOST_ID = 0x1111_2222_3333_4444n;
const GUEST_ID = 0x5555_6666_7777_8888n;
const SECTION_HEADER_SIZE = 16;

const time = (index: number) => 1000n * BigInt(index + 1);

/** The scenario as a trace.dat. */
export function scenarioFile(scenario: Scenario): Uint8Array {
  const cpuCount = Math.max(...scenario.records.map(({ cpu }) => cpu)) + 1;
  const systems = [...new Set(scenario.formats.map(({ system }) => system))].filter((name) => name !== 'ftrace');
  const textsOf = (wanted: string) =>
    scenario.formats.filter(({ system }) => system === wanted).map(({ text }) => text);
  const spec: TraceSpec = {
    littleEndian: scenario.littleEndian ?? true,
    longSize: scenario.longSize ?? 8,
    ftraceFormats: textsOf('ftrace'),
    systems: systems.map((name) => ({ name, formats: textsOf(name) })),
    kallsyms: scenario.kallsyms ?? '',
    printk: scenario.printk ?? '',
    options: scenario.guest ? hostOptions(scenario.guest.pid) : [],
    buffers: [
      {
        cpus: Array.from({ length: cpuCount }, (_, cpu) => ({
          cpu,
          events: scenario.records.flatMap((record, i) =>
            record.cpu === cpu ? [{ time: time(i), data: record.data }] : [],
          ),
        })),
      },
    ],
  };
  return scenario.btf ? withBtf(spec, scenario.btf) : buildTrace({ ...spec, version: 6 });
}

function hostOptions(pid: number): OptionSpec[] {
  return [
    { id: OPTION.traceId, data: (out) => void out.u64(HOST_ID) },
    { id: OPTION.guest, data: (out) => void out.cString('guest').u64(GUEST_ID).u32(1).u32(0).u32(pid) },
  ];
}

/** The guest's file: an event of its own, long after all others. */
function guestFile(kallsyms: string): Uint8Array {
  const format = formatText('guest', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"%u", REC->value');
  const data = recordBytes(true, { id: 900, pid: 1 }, (out) => void out.u32(1));
  return buildTrace({
    version: 6,
    systems: [{ name: 'guest', formats: [format] }],
    kallsyms,
    options: [{ id: OPTION.traceId, data: (out) => void out.u64(GUEST_ID) }],
    buffers: [{ cpus: [{ cpu: 0, events: [{ time: 1n << 40n, data }] }] }],
  });
}

/** The section is found in a first build, for the option that points to it in the second. It must be compressed. */
function withBtf(spec: TraceSpec, btf: Uint8Array): Uint8Array {
  const packed = storedZstd(btf);
  const body = new ByteBuilder(true).u32(packed.length).u32(btf.length).bytes(packed).take();
  const build = (offset: number): Uint8Array =>
    buildTrace({
      ...spec,
      version: 7,
      compression: 'zstd',
      extraSections: [{ id: OPTION.btfFile, flags: 1, body }],
      options: [{ id: OPTION.btfFile, data: (out) => void out.u64(offset) }],
    });
  return build(Buffer.from(build(0)).indexOf(body) - SECTION_HEADER_SIZE);
}

/** Task names and the texts behind the event names in what a trace-cmd reports of a scenario: `COMM: TEXT`. */
export function stockTexts(traceCmd: string, scenario: Scenario): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'event-texts-'));
  try {
    const files = ['trace.dat'];
    writeFileSync(join(directory, 'trace.dat'), scenarioFile(scenario));
    if (scenario.guest) {
      files.push('guest.dat');
      writeFileSync(join(directory, 'guest.dat'), guestFile(scenario.guest.kallsyms));
    }
    const options = (scenario.options ?? []).flatMap((option) => ['-O', option]);
    const inputs = files.flatMap((file) => ['-i', file]);
    const text = execFileSync(traceCmd, ['report', '-t', ...options, ...inputs], {
      cwd: directory,
      encoding: 'latin1',
      stdio: 'pipe',
      maxBuffer: 1 << 28,
    });
    const lines = text.slice(0, -1).split(/\n(?=.{16,}-\d+ +\[\d{3}\]|guest\.dat: |trace\.dat: )/);
    return lines.filter((line) => !/^(guest\.dat: |(trace\.dat: *)?cpus=)/.test(line)).map(infoOf);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Behind the event's name comes as much as makes it 20 columns wide. */
function infoOf(line: string): string {
  const start = /^(?:trace\.dat:)? *(\S.*?)-\d+ +\[\d{3}\](?: \S+)? +[\d.]+: (\S+): /.exec(line);
  if (start === null) throw new Error(`not a report line: ${line}`);
  const [all, comm, name] = start as unknown as [string, string, string];
  return `${comm}: ${line.slice(all.length + Math.max(0, 20 - name.length))}`;
}

function recordOf(data: Uint8Array, cpu: number, index: number): EventRecord {
  const bytes = new Uint8Array(Math.ceil(data.length / 4) * 4 + 16);
  bytes.set(data, 8);
  return {
    bytes,
    view: new DataView(bytes.buffer),
    start: 8,
    end: bytes.length - 8,
    cpu,
    tsHi: 0,
    tsLo: Number(time(index)),
    missed: 0,
  };
}

/** What our writers make of a scenario: `COMM: TEXT` for each line that a report would have. */
export function ourTexts(scenario: Scenario, version: TextVersion): string[] {
  const littleEndian = scenario.littleEndian ?? true;
  const parse = (system: string, text: string): EventFormat =>
    parseEventFormat(text, system, { longSize: scenario.longSize ?? 8, version });
  const formats = scenario.formats.map(({ system, text }) => parse(system, text));
  const findEvent = (system: string, name: string) =>
    formats.find((format) => format.system === system && format.name === name);
  const blktrace = blktraceFormat(findEvent);
  if (blktrace !== undefined) formats.push(parse('ftrace', blktrace));
  const records = scenario.records.map(({ data, cpu }, i) => recordOf(data, cpu, i));
  const guestSymbols = parseKallsyms(utf8(scenario.guest?.kallsyms ?? ''));
  let next = 0;
  const context: TextContext = {
    env: {
      littleEndian,
      longSize: scenario.longSize ?? 8,
      version,
      symbols: parseKallsyms(utf8(scenario.kallsyms ?? '')),
      comms: new CommTable(),
      printk: parsePrintkFormats(utf8(scenario.printk ?? '')),
    },
    options: new PluginOptions(scenario.options),
    functionStacks: new FunctionStacks(),
    functionArguments: new FunctionArguments(scenario.btf && new Btf(scenario.btf, littleEndian, 'BTF')),
    findEvent,
    printFormat: (event) => compilePrintFormat(event, context.env),
    writeTimeBefore: (out, { tsLo }, _hi, lo) => {
      out.decimal(Math.floor((tsLo - lo) / 1e9), 5);
      out.byte(0x2e);
      out.zeroDecimal((tsLo - lo) % 1e9, 9);
    },
    peek: () => records[next],
    consume: () => {
      next++;
    },
    resolveGuestSymbol: (pid, hi, lo) => (pid === scenario.guest?.pid ? guestSymbols.find(hi, lo) : undefined),
  };
  const writers = new Map(formats.map((format) => [format.id, infoWriter(format, context)]));
  const texts: string[] = [];
  const out = new ByteWriter();
  while (next < records.length) {
    const record = records[next++] as EventRecord;
    out.clear();
    out.bytes(context.env.comms.get(record.view.getInt32(record.start + 4, littleEndian)));
    out.text(': ');
    writers.get(record.view.getUint16(record.start, littleEndian))?.(out, record);
    texts.push(Buffer.from(out.view()).toString('latin1').replace(/\n$/, ''));
  }
  return texts;
}

/**
 * Tests our texts of a scenario against both versions: the installed 3.1, and what 3.4 printed when its texts were
 * stored.
 */
export function comparesToStock(stored: URL, name: string, scenario: Scenario): void {
  describe(name, () => {
    test('as trace-cmd 3.1', (context) => {
      const unable = missing('trace-cmd 3.1');
      context.skip(unable !== undefined, unable);
      expect(ourTexts(scenario, '3.1')).toEqual(stockTexts('trace-cmd', scenario));
    });

    test('as trace-cmd 3.4', () => {
      expect(ourTexts(scenario, '3.4')).toEqual(from34(stored, name, (traceCmd) => stockTexts(traceCmd, scenario)));
    });
  });
}
