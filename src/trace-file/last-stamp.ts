import { SubBufferCursor } from '../ring-buffer/record-cursor.ts';
import { CHUNK_HEADER_SIZE, chunksEnd, isChunk } from './chunks.ts';
import { chunkBounds, decompressBlock } from './codecs.ts';
import { openCpuStream } from './cpu-stream.ts';
import type { TraceBuffer, TraceFile } from './types.ts';

/** How far from its end the last chunk of a CPU is looked for. */
const TAIL_BYTES = 1 << 17;

/**
 * Raw stamp of a CPU's last event; undefined when there is none. As `lastTime` of its stream, but where chunks are whole
 * without going through all of them: the last one is what ends where the data ends. It may lie behind damage that a
 * stream stops at.
 */
export async function lastStamp(file: TraceFile, buffer: TraceBuffer, cpu: number): Promise<bigint | undefined> {
  const pages = buffer.compressed ? await lastChunk(file, buffer, cpu) : undefined;
  const found = pages && lastIn(pages, buffer, cpu);
  if (found !== undefined) return found;
  return openCpuStream(file, buffer, cpu, { windowBytes: buffer.layout.size, lookahead: false }).lastTime();
}

function lastIn(pages: Uint8Array, { layout }: TraceBuffer, cpu: number): bigint | undefined {
  const cursor = new SubBufferCursor(layout, cpu);
  cursor.load(pages, 0, pages.length);
  let last: bigint | undefined;
  while (cursor.next()) last = (BigInt(cursor.tsHi) << 32n) | BigInt(cursor.tsLo);
  return last;
}

/** Undefined where nothing that can be decompressed ends where the data ends. */
async function lastChunk(file: TraceFile, { layout, cpus }: TraceBuffer, cpu: number): Promise<Uint8Array | undefined> {
  const data = cpus.find((one) => one.cpu === cpu);
  const { source, header, codecs } = file;
  if (data === undefined || chunksEnd(data) > source.size) return undefined;
  const end = chunksEnd(data);
  const start = Math.max(data.offset, end - TAIL_BYTES);
  const tail = await source.read(start, end - start);
  const view = new DataView(tail.buffer, tail.byteOffset, tail.byteLength);
  const bounds = chunkBounds(layout.size);
  for (let at = tail.length - CHUNK_HEADER_SIZE; at >= 0; at--) {
    const storedSize = view.getUint32(at, header.littleEndian);
    if (at + CHUNK_HEADER_SIZE + storedSize !== tail.length) continue;
    const size = view.getUint32(at + 4, header.littleEndian);
    if (size % layout.size !== 0 || !isChunk({ storedSize, size }, bounds)) continue;
    const stored = tail.subarray(at + CHUNK_HEADER_SIZE);
    try {
      return await decompressBlock(codecs, header.compression.name, stored, size, bounds, source.name);
    } catch {
      // These bytes only look like a chunk.
    }
  }
  return undefined;
}
