import type { ByteSource } from '../../base/byte-source.ts';
import { TandemError } from '../../base/errors.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import type { PartWriter } from './part-writer.ts';

const MAGIC = '\x17\x08\x44tracing';
const NEWEST_VERSION = 7;
/** From this version on a file consists of sections, which may be compressed. */
export const SECTIONS_VERSION = 7;

export interface InitialFacts {
  readonly version: number;
  /** v7: name of the compression; `none` in older files. */
  readonly compression: string;
  /** Stands behind the header, and knows the file's byte order. */
  readonly reader: SourceReader;
}

const latin1 = new TextDecoder('latin1');
const signed8 = (value: number): number => (value << 24) >> 24;

async function dumpVersion(reader: SourceReader, name: string, writer: PartWriter): Promise<number> {
  const magic = latin1.decode(await reader.bytes(Math.min(MAGIC.length, reader.remaining)));
  if (magic !== MAGIC) throw new TandemError('NOT_A_TRACE', name, 'does not begin as a trace.dat file does');
  const text = await reader.stringBytes();
  writer.write(['summary'], '\t\t', text, '\t[Version]\n');
  const version = Number.parseInt(latin1.decode(text), 10);
  if (version >= 1 && version <= NEWEST_VERSION) return version;
  throw new TandemError(
    'UNSUPPORTED',
    name,
    `has version "${latin1.decode(text)}" of the format`,
    'only 6 and 7 can be read',
  );
}

/** Shows what every file begins with. */
export async function dumpInitialHeader(source: ByteSource, writer: PartWriter): Promise<InitialFacts> {
  const subject = `${source.name}: initial header`;
  const start = new SourceReader(source, true, subject);
  writer.write(['summary'], '\t[Initial format]\n');
  const version = await dumpVersion(start, source.name, writer);
  const byteOrder = await start.u8();
  writer.write(['summary'], `\t\t${signed8(byteOrder)}\t[${byteOrder ? 'Big' : 'Little'} endian]\n`);
  const longSize = await start.u8();
  writer.write(['summary'], `\t\t${signed8(longSize)}\t[Bytes in a long]\n`);

  const reader = new SourceReader(source, byteOrder === 0, subject, start.position);
  const pageSize = await reader.u32();
  writer.write(['summary'], `\t\t${pageSize | 0}\t[Page size, bytes]\n`);
  if (version < SECTIONS_VERSION) return { version, compression: 'none', reader };

  const name = await reader.stringBytes();
  writer.write(['summary'], '\t\t', name, '\t[Compression algorithm]\n');
  const library = await reader.stringBytes();
  writer.write(['summary'], '\t\t', library, '\t[Compression version]\n');
  return { version, compression: latin1.decode(name), reader };
}
