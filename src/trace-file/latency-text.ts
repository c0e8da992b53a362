import { TandemError } from '../base/errors.ts';
import { CHUNK_COUNT_SIZE, readChunkHeader } from './chunks.ts';
import { chunkBounds, decompressBlock } from './codecs.ts';
import { at } from './ids.ts';
import { SourceReader } from './source-reader.ts';
import type { TraceBuffer, TraceFile } from './types.ts';

/** Bytes of an uncompressed text given at a time. */
const PIECE = 1 << 16;

/**
 * The text of a latency recording (a buffer with `latencyText`), piece by piece. Of a file that is cut, what is
 * there; throws a TandemError where a compressed piece is damaged.
 */
export async function* latencyText(file: TraceFile, buffer: TraceBuffer): AsyncGenerator<Uint8Array> {
  const { source, header } = file;
  // v6: the text begins at the offset and goes on to the end of the file. v7: it is a section's body.
  const section = file.sections.find(({ offset, id }) => offset === buffer.offset && id !== 0);
  const start = section ? section.bodyOffset : buffer.offset;
  const end = section ? section.bodyOffset + section.storedSize : source.size;
  const reader = new SourceReader(source, header.littleEndian, `${source.name}: latency text`, start, end);
  if (!buffer.compressed) {
    while (reader.remaining > 0) yield await reader.bytes(Math.min(PIECE, reader.remaining));
    return;
  }
  if (reader.remaining < CHUNK_COUNT_SIZE) return;
  const bounds = chunkBounds(header.pageSize);
  const count = await reader.u32();
  for (let i = 0; i < count; i++) {
    const where = `${reader.subject}: chunk at ${at(reader.position)}`;
    const chunk = await readChunkHeader(reader, bounds);
    if (chunk === undefined || chunk.storedSize > reader.remaining) {
      throw new TandemError('TRUNCATED', where, `is not whole; ${count - i} of ${count} chunks are lost`);
    }
    const compressed = await reader.bytes(chunk.storedSize);
    yield await decompressBlock(file.codecs, header.compression.name, compressed, chunk.size, bounds, where);
  }
}
