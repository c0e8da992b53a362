import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ByteWriter, utf8 } from '../../src/base/byte-writer.ts';
import type { PrintEnvironment, TextVersion } from '../../src/format/environment.ts';
import { EventTable, type FormatText } from '../../src/format/event-table.ts';
import { compilePrintFormat, type InfoWriter } from '../../src/format/print-fmt/compile.ts';
import { compileRawFields } from '../../src/format/print-fmt/raw-fields.ts';
import type { RecordBytes } from '../../src/format/record.ts';
import { CommTable } from '../../src/names/comms.ts';
import { parsePrintkFormats } from '../../src/names/printk.ts';
import { parseKallsyms } from '../../src/names/symbols.ts';
import { buildTrace } from './build-trace.ts';
import { missing } from './capabilities.ts';
import { from34 } from './stored-34.ts';

/** Records to print by their formats alone, without a text of their own for any event. */
export interface PrintScenario {
  readonly formats: readonly (FormatText & { readonly text: string })[];
  /** Records with a common_pid other than 0, at 0 for its name to be unknown. */
  readonly records: readonly Uint8Array[];
  readonly kallsyms?: string;
  readonly printk?: string;
  readonly littleEndian?: boolean;
  readonly longSize?: 4 | 8;
  /** The fields of `report -R`. */
  readonly raw?: boolean;
  /** Without the plug-ins, and the functions of the kernel that they know. */
  readonly knowsCalls?: false;
}

const UNKNOWN = '[UNKNOWN EVENT]';

function scenarioFile(scenario: PrintScenario): Uint8Array {
  const systems = [...new Set(scenario.formats.map(({ system }) => system))];
  const textsOf = (wanted: string) =>
    scenario.formats.filter(({ system }) => system === wanted).map(({ text }) => text);
  return buildTrace({
    ...{ version: 6, littleEndian: scenario.littleEndian ?? true, longSize: scenario.longSize ?? 8 },
    ftraceFormats: textsOf('ftrace'),
    systems: systems.filter((name) => name !== 'ftrace').map((name) => ({ name, formats: textsOf(name) })),
    ...{ kallsyms: scenario.kallsyms ?? '', printk: scenario.printk ?? '' },
    buffers: [
      { cpus: [{ cpu: 0, events: scenario.records.map((data, i) => ({ time: 1000n * BigInt(i + 1), data })) }] },
    ],
  });
}

/** What a trace-cmd prints behind the event names, record by record. */
export function stockInfos(traceCmd: string, scenario: PrintScenario): string[] {
  const directory = mkdtempSync(join(tmpdir(), 'print-texts-'));
  try {
    const file = join(directory, 'trace.dat');
    writeFileSync(file, scenarioFile(scenario));
    const how = [...(scenario.raw ? ['-R'] : ['-n', '.*']), ...(scenario.knowsCalls === false ? ['-N'] : [])];
    const text = execFileSync(traceCmd, ['report', ...how, '-i', file], {
      encoding: 'latin1',
      stdio: 'pipe',
      maxBuffer: 1 << 28,
    });
    const [, ...lines] = text.slice(0, -1).split(/\n(?= +<\.\.\.>-\d+ +\[000\]|\[UNKNOWN EVENT\])/);
    return lines.map(infoOf);
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/** Behind the event's name comes as much as makes it 20 columns wide. */
function infoOf(line: string): string {
  if (line.startsWith(UNKNOWN)) return UNKNOWN;
  const start = /^ +<\.\.\.>-\d+ +\[000\](?:-0x\w+)?(?: \S+)? +[\d.]+: (\S+): /.exec(line);
  if (start === null) throw new Error(`not a report line: ${line}`);
  const [all, name] = start as unknown as [string, string];
  return line.slice(all.length + Math.max(0, 20 - name.length));
}

/** A record as the ring buffer has it: padded to whole words, memory around it. */
export function recordOf(data: Uint8Array): RecordBytes {
  const bytes = new Uint8Array(Math.ceil(data.length / 4) * 4 + 16);
  bytes.set(data, 8);
  return { bytes, view: new DataView(bytes.buffer), start: 8, end: bytes.length - 8 };
}

export function environmentOf(scenario: Omit<PrintScenario, 'records'>, version: TextVersion): PrintEnvironment {
  return {
    littleEndian: scenario.littleEndian ?? true,
    longSize: scenario.longSize ?? 8,
    version,
    knowsCalls: scenario.knowsCalls,
    symbols: parseKallsyms(utf8(scenario.kallsyms ?? '')),
    comms: new CommTable(),
    printk: parsePrintkFormats(utf8(scenario.printk ?? '')),
  };
}

/** What we print behind the event names. */
export function ourInfos(scenario: PrintScenario, version: TextVersion): string[] {
  const env = environmentOf(scenario, version);
  const events = EventTable.parse(scenario.formats, { longSize: env.longSize, version });
  const writers = new Map<number, InfoWriter | undefined>();
  const out = new ByteWriter();
  return scenario.records.map((data) => {
    const record = recordOf(data);
    const id = record.view.getUint16(record.start, env.littleEndian);
    if (!writers.has(id)) {
      const event = events.get(id);
      writers.set(id, event && (scenario.raw ? compileRawFields : compilePrintFormat)(event, env));
    }
    out.clear();
    const writer = writers.get(id);
    if (writer === undefined) return UNKNOWN;
    writer(out, record);
    return Buffer.from(out.view()).toString('latin1').replace(/\n$/, '');
  });
}

/** Texts with what they are of, so that a difference says where it is. */
export const labeled = (texts: readonly string[], labels: readonly string[]): string[] =>
  texts.map((text, i) => `${labels[i]}\n  ${text}`);

/**
 * Tests what we print of a scenario against both versions: the installed 3.1, and what 3.4 printed when its texts
 * were stored. `labels` says what each record is of. 3.4 is asked for every `every34`-th record only, to keep the
 * stored file small.
 */
export function printsAsStock(
  stored: URL,
  name: string,
  scenario: PrintScenario,
  { labels, every34 = 1 }: { labels: readonly string[]; every34?: number },
): void {
  describe(name, () => {
    test('as trace-cmd 3.1', (context) => {
      const unable = missing('trace-cmd 3.1');
      context.skip(unable !== undefined, unable);
      const expected = labeled(stockInfos('trace-cmd', scenario), labels);
      expect(labeled(ourInfos(scenario, '3.1'), labels)).toEqual(expected);
    });

    test('as trace-cmd 3.4', () => {
      const some = <T>(list: readonly T[]): T[] => list.filter((_, i) => i % every34 === 0);
      const fewer = { ...scenario, records: some(scenario.records) };
      const expected = from34(stored, name, (traceCmd) => stockInfos(traceCmd, fewer));
      expect(labeled(ourInfos(fewer, '3.4'), some(labels))).toEqual(labeled(expected, some(labels)));
    });
  });
}
