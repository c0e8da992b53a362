import { type ByteSource, blobSource, urlSource } from '../../../src/base/byte-source.ts';
import { TandemError } from '../../../src/base/errors.ts';
import { type DecodedLog, decodeLog } from '../../../src/sync/log.ts';
import { loadReportFile, type ReportFile } from '../../../src/text/report/report-file.ts';
import { portableCodecs } from '../../../src/trace-file/codecs.ts';
import { openTrace } from '../../../src/trace-file/open.ts';
import type { TraceInput } from '../protocol.ts';
import { blockCached } from './block-cache.ts';

/** What an input turned out to be. */
export type OpenInput =
  | { readonly kind: 'trace'; readonly name: string; readonly file: ReportFile }
  /** A log of time sync, of the guest whose file it is named after, `GUEST.dat.tsync`. */
  | { readonly kind: 'log'; readonly name: string; readonly log: DecodedLog };

const LOG_SUFFIX = '.tsync';
/** A log has some lines per second and CPU. */
const MOST_LOG_BYTES = 1 << 28;

/** Opens a trace file or a log of time sync. Rejects with a TandemError where it is neither, or can't be read. */
export async function openInput(input: TraceInput): Promise<OpenInput> {
  const { name } = input;
  const source = await sourceOf(input);
  if (name.endsWith(LOG_SUFFIX)) {
    const bytes = await source.read(0, Math.min(source.size, MOST_LOG_BYTES));
    return { kind: 'log', name, log: decodeLog(new TextDecoder().decode(bytes), name) };
  }
  return { kind: 'trace', name, file: await loadReportFile(await openTrace(source, portableCodecs), name, '3.4') };
}

/** Logs by the names of the traces that they are about. */
export function logsOf(inputs: Iterable<OpenInput>): Map<string, DecodedLog> {
  const all = [...inputs];
  const traces = all.flatMap((input) => (input.kind === 'trace' ? [input.name] : []));
  const logs = new Map<string, DecodedLog>();
  for (const input of all) {
    if (input.kind !== 'log') continue;
    const named = input.name.slice(0, -LOG_SUFFIX.length);
    const guest = traces.includes(named)
      ? named
      : traces.find((name) => name.replace(/\.[^.]*$/, '').endsWith(input.log.header.guest));
    if (guest !== undefined) logs.set(guest, input.log);
  }
  return logs;
}

/** Messages name the input, not its address. */
async function sourceOf(input: TraceInput): Promise<ByteSource> {
  if ('blob' in input) return blockCached(guarded(blobSource(input.name, input.blob)));
  try {
    return blockCached({ ...(await urlSource(input.url)), name: input.name });
  } catch (error) {
    if (!(error instanceof TandemError) || error.code !== 'UNSUPPORTED') throw error;
    return blockCached(guarded(blobSource(input.name, await download(input.url))));
  }
}

/** Of a server that answers no ranges: the browser keeps it, on disk if it is large. */
async function download(url: string): Promise<Blob> {
  try {
    const response = await fetch(url);
    if (response.ok) return await response.blob();
    throw new TandemError('IO', url, `the server answers ${response.status} ${response.statusText}`);
  } catch (cause) {
    if (cause instanceof TandemError) throw cause;
    throw new TandemError('IO', url, 'cannot be reached', 'check the address and the connection', { cause });
  }
}

/** A file that was changed or removed after it was dropped can't be read any more: browsers say so with errors of their own. */
function guarded(source: ByteSource): ByteSource {
  const guard = async <Result>(read: Promise<Result>): Promise<Result> => {
    try {
      return await read;
    } catch (cause) {
      if (cause instanceof TandemError) throw cause;
      throw new TandemError('IO', source.name, 'can not be read any more', 'was it changed? open it anew', { cause });
    }
  };
  return {
    ...source,
    read: (offset, length) => guard(source.read(offset, length)),
    readInto: (target, offset) => guard(source.readInto(target, offset)),
  };
}
