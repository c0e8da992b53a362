import { TandemError } from '../base/errors.ts';
import type { SourceReader } from './source-reader.ts';
import type { TraceTexts } from './types.ts';

/** TraceTexts while they are read: what was complete before a cut stays. */
export interface MutableTexts extends TraceTexts {
  headerPage: Uint8Array;
  headerEvent: Uint8Array;
  readonly ftraceFormats: Uint8Array[];
  readonly systems: { readonly name: string; readonly formats: Uint8Array[] }[];
}

export const noTexts = (): MutableTexts => ({
  headerPage: new Uint8Array(0),
  headerEvent: new Uint8Array(0),
  ftraceFormats: [],
  systems: [],
});

async function expectName(reader: SourceReader, name: string): Promise<void> {
  if ((await reader.cString(32)) === name) return;
  throw new TandemError('CORRUPT', reader.subject, `does not begin with '${name}'`);
}

/** HEADER_INFO: the header_page and header_event files of the traced kernel. */
export async function readHeaderInfo(reader: SourceReader, texts: MutableTexts): Promise<void> {
  await expectName(reader, 'header_page');
  texts.headerPage = await reader.bytes(await reader.u64());
  await expectName(reader, 'header_event');
  texts.headerEvent = await reader.bytes(await reader.u64());
}

/** Event ids have 16 bits: beyond that a count is damage. */
const MOST_EVENTS = 1 << 16;

async function readCount(reader: SourceReader, what: string, most = MOST_EVENTS): Promise<number> {
  const count = await reader.u32();
  if (count <= most) return count;
  throw new TandemError('CORRUPT', reader.subject, `claims ${count} ${what}`);
}

async function readFormats(reader: SourceReader, into: Uint8Array[], most = MOST_EVENTS): Promise<void> {
  const count = await readCount(reader, 'events', most);
  for (let i = 0; i < count; i++) into.push(await reader.bytes(await reader.u64()));
}

/** FTRACE_EVENTS: a count, and per event its `format` file. */
export async function readFtraceFormats(reader: SourceReader, texts: MutableTexts): Promise<void> {
  await readFormats(reader, texts.ftraceFormats);
}

/** EVENT_FORMATS: a count of systems; per system its name, a count, and per event its `format` file. */
export async function readEventFormats(reader: SourceReader, texts: MutableTexts): Promise<void> {
  const count = await readCount(reader, 'systems');
  let room = MOST_EVENTS;
  for (let i = 0; i < count; i++) {
    const formats: Uint8Array[] = [];
    texts.systems.push({ name: await reader.cString(), formats });
    await readFormats(reader, formats, room);
    room -= formats.length;
  }
}
