import {
  ByteWriter,
  DUMP_PARTS,
  type DumpRequest,
  dumpTrace,
  loadReportFile,
  memorySource,
  openCpuStream,
  openTrace,
  type ReportSettings,
  reportInput,
  reportSettings,
  STREAM_END,
  STREAM_LOAD,
  TandemError,
  writeReport,
} from '../../../src/index.ts';
import { nodeCodecs } from '../../../src/node/index.ts';

/** More text than any sample has: a size from the file went unchecked. */
const LONGEST_TEXT = 200e6;

/** The kinds of report that damaged files are shown as, in turns. */
export const KINDS: readonly { readonly settings: Partial<ReportSettings>; readonly filters: readonly string[] }[] = [
  { settings: {}, filters: [] },
  { settings: { version: '3.1', compat: true, tsDiff: true, boundary: true }, filters: [] },
  { settings: { json: true }, filters: [] },
  { settings: { raw: true, latency: true }, filters: ['.*: COMM == "sh" || common_pid > 0 && CPU < 9'] },
  { settings: { printFormats: true, alignTimes: true, nanoseconds: true }, filters: [] },
  { settings: { wakeup: true, from: '1', tsCheck: true }, filters: [] },
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
  const { settings: asked, filters } = KINDS[turn % KINDS.length] as (typeof KINDS)[number];
  const settings = reportSettings(asked);
  const trace = await openTrace(memorySource(name, bytes), nodeCodecs);
  const file = await loadReportFile(trace, name, settings.version);
  const plan = { filters: filters.map((text) => ({ text, excludes: false })), repeated: [] };
  let length = 0;
  const sink = {
    write: async (piece: Uint8Array): Promise<boolean> => {
      length += piece.length;
      if (length > LONGEST_TEXT) throw new Error(`the text is longer than ${LONGEST_TEXT} bytes`);
      return true;
    },
  };
  await writeReport([reportInput(file, { filters: plan })], settings, sink);
}
