import { isPlausibleSize, type SizeBounds } from './codecs.ts';
import type { SourceReader } from './source-reader.ts';
import type { CpuData } from './types.ts';

/** Two u32 in front of each chunk: its bytes as stored, and decompressed. */
export const CHUNK_HEADER_SIZE = 8;
/** The u32 in front of a CPU's first chunk: how many there are. */
export const CHUNK_COUNT_SIZE = 4;

export interface ChunkHeader {
  readonly storedSize: number;
  readonly size: number;
}

/** Whether a chunk can be as its header says; without this an offset is not at a chunk. */
export function isChunk({ storedSize, size }: ChunkHeader, bounds: SizeBounds): boolean {
  return storedSize > 0 && size > 0 && storedSize <= bounds.largest && isPlausibleSize(storedSize, size, bounds);
}

/** The header at the reader's position; undefined where the data ends or none can be. */
export async function readChunkHeader(reader: SourceReader, bounds: SizeBounds): Promise<ChunkHeader | undefined> {
  if (reader.remaining < CHUNK_HEADER_SIZE) return undefined;
  const header = { storedSize: await reader.u32(), size: await reader.u32() };
  return isChunk(header, bounds) ? header : undefined;
}

/**
 * File offset after a CPU's chunks. The size that trace-cmd stores leaves the count word out; a size that counts it
 * in does no harm, since the count ends the chunks.
 */
export const chunksEnd = ({ offset, size }: CpuData): number =>
  size === 0 ? offset : offset + CHUNK_COUNT_SIZE + size;
