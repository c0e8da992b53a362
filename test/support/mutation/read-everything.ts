import { memorySource } from '../../../src/base/byte-source.ts';
import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { TandemError } from '../../../src/base/errors.ts';
import type { TextVersion } from '../../../src/format/environment.ts';
import { nodeCodecs } from '../../../src/node/codecs.ts';
import { type DumpRequest, dumpTrace } from '../../../src/text/dump/dump.ts';
import { DUMP_PARTS } from '../../../src/text/dump/parts.ts';
import { writeReport } from '../../../src/text/report/report.ts';
import { loadReportFile } from '../../../src/text/report/report-file.ts';
import type { ReportSettings } from '../../../src/text/report/settings.ts';
import { openCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { openTrace } from '../../../src/trace-file/open.ts';
import { STREAM_END, STREAM_LOAD } from '../../../src/trace-file/stream-types.ts';

/** More text than any sample has: a size from the file went unchecked. */
const LONGEST_TEXT = 200e6;

const PLAIN: ReportSettings = {
  version: '3.4',
  compat: false,
  json: false,
  latency: false,
  raw: false,
  rawEvents: [],
  plainEvents: [],
  printFormats: false,
  pluginOptions: [],
  wakeup: false,
  boundary: false,
  debug: false,
  nanoseconds: false,
  tsDiff: false,
  tsCheck: false,
  rawTimes: false,
  alignTimes: false,
  ignoreDate: false,
  from: undefined,
  to: undefined,
  showFilters: false,
  cpus: [],
  hideHardInterrupts: false,
  hideSoftInterrupts: false,
};

/** The kinds of report that damaged files are shown as, in turns. */
export const KINDS: readonly { readonly settings: ReportSettings; readonly filters: readonly string[] }[] = [
  { settings: PLAIN, filters: [] },
  { settings: { ...PLAIN, version: '3.1', compat: true, tsDiff: true, boundary: true }, filters: [] },
  { settings: { ...PLAIN, json: true }, filters: [] },
  { settings: { ...PLAIN, raw: true, latency: true }, filters: ['.*: COMM == "sh" || common_pid > 0 && CPU < 9'] },
  { settings: { ...PLAIN, printFormats: true, alignTimes: true, nanoseconds: true }, filters: [] },
  { settings: { ...PLAIN, wakeup: true, from: '1', tsCheck: true }, filters: [] },
];

/** Everything that can be read of a file is read and written as text; `turn` picks among the kinds of text. */
export async function readEverything(name: string, bytes: Uint8Array, turn: number): Promise<void> {
  const results = await Promise.allSettled([
    walkEvents(name, bytes),
    dump(name, bytes, turn % 2 === 0 ? '3.1' : '3.4'),
    report(name, bytes, turn),
  ]);
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const bug = errors.find((error) => !(error instanceof TandemError));
  if (errors.length > 0) throw bug ?? errors[0];
}

async function walkEvents(name: string, bytes: Uint8Array): Promise<void> {
  const file = await openTrace(memorySource(name, bytes), nodeCodecs);
  for (const buffer of file.buffers) {
    for (const { cpu } of buffer.cpus) {
      const stream = openCpuStream(file, buffer, cpu, { windowBytes: 1 << 16, lookahead: true });
      await stream.firstTime();
      await stream.lastTime();
      for (let state = stream.advance(); state !== STREAM_END; state = stream.advance()) {
        if (state === STREAM_LOAD) await stream.load();
        else stream.peek();
      }
    }
  }
}

async function dump(name: string, bytes: Uint8Array, compat: DumpRequest['compat']): Promise<void> {
  const out = new ByteWriter();
  const drain = async (): Promise<void> => out.clear();
  const parts = new Set(DUMP_PARTS);
  await dumpTrace(memorySource(name, bytes), out, { parts, compat, drain, codecs: nodeCodecs });
}

async function report(name: string, bytes: Uint8Array, turn: number): Promise<void> {
  const { settings, filters } = KINDS[turn % KINDS.length] as (typeof KINDS)[number];
  const trace = await openTrace(memorySource(name, bytes), nodeCodecs);
  const file = await loadReportFile(trace, name, settings.version satisfies TextVersion);
  const plan = { filters: filters.map((text) => ({ text, excludes: false })), repeated: [] };
  let length = 0;
  const sink = {
    write: async (piece: Uint8Array): Promise<boolean> => {
      length += piece.length;
      if (length > LONGEST_TEXT) throw new Error(`the text is longer than ${LONGEST_TEXT} bytes`);
      return true;
    },
  };
  await writeReport([{ file, filters: plan, tsOffset: 0n, ticksPerSecond: undefined }], settings, sink);
}
