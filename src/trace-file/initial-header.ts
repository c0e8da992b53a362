import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import { SourceReader } from './source-reader.ts';
import type { InitialHeader } from './types.ts';

const MAGIC = [0x17, 0x08, 0x44, ...[...'tracing'].map((char) => char.charCodeAt(0))];
const NEWEST_VERSION = 7;
export const FIRST_VERSION_WITH_SECTIONS = 7;

/** Reads what stands at the very start of a trace.dat. Throws a TandemError for anything that is none. */
export async function readInitialHeader(source: ByteSource): Promise<InitialHeader> {
  const start = await source.read(0, MAGIC.length);
  if (start.length === 0) throw new TandemError('NOT_A_TRACE', source.name, 'is empty');
  if (start.length < MAGIC.length || MAGIC.some((byte, i) => start[i] !== byte)) {
    throw new TandemError('NOT_A_TRACE', source.name, 'is not a trace.dat file (its first bytes are others)');
  }
  const subject = `${source.name}: initial header`;
  const front = new SourceReader(source, true, subject, MAGIC.length);
  const versionText = await front.cString(16);
  const version = /^\d{1,9}$/.test(versionText) ? Number(versionText) : Number.NaN;
  if (Number.isNaN(version)) throw new TandemError('CORRUPT', subject, 'its version is not a number');
  if (version > NEWEST_VERSION) {
    throw new TandemError('UNSUPPORTED', subject, `version ${version} of the format is newer than this program`);
  }
  const byteOrder = await front.u8();
  if (byteOrder > 1) throw new TandemError('CORRUPT', subject, `byte order ${byteOrder} (0 or 1 expected)`);
  const littleEndian = byteOrder === 0;
  const userLongSize = await front.u8();
  const reader = new SourceReader(source, littleEndian, subject, front.position);
  const pageSize = await reader.u32();
  const sectioned = version >= FIRST_VERSION_WITH_SECTIONS;
  const name = sectioned ? await reader.cString(64) : 'none';
  const compression = { name, version: sectioned ? await reader.cString(64) : '' };
  const firstOptions = sectioned ? await reader.u64() : 0;
  return { version, littleEndian, userLongSize, pageSize, compression, firstOptions, end: reader.position };
}
