import { ChunkIndex } from '../../trace-file/chunk-index.ts';
import { chunksEnd } from '../../trace-file/chunks.ts';
import { chunkBounds } from '../../trace-file/codecs.ts';
import type { CpuData, TraceBuffer, TraceFile } from '../../trace-file/types.ts';

/** Where one CPU's data lies, as trace-cmd counts. */
export interface DataPlace {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

/**
 * Where the data of a file's buffers lies, by buffer and CPU, CPUs without data included. Compressed data has no place
 * of its own in the file: trace-cmd numbers it as if it lay uncompressed behind the first page, an instance's behind
 * that of the top buffer.
 */
export async function dataPlaces(trace: TraceFile): Promise<Map<TraceBuffer, DataPlace[]>> {
  const places = new Map<TraceBuffer, DataPlace[]>();
  let afterTop = trace.header.pageSize;
  for (const buffer of [...trace.buffers].sort((a, b) => (a.name === '' ? 0 : 1) - (b.name === '' ? 0 : 1))) {
    const { list, next } = await bufferPlaces(trace, buffer, afterTop);
    places.set(buffer, list);
    if (buffer.name === '') afterTop = next;
  }
  return places;
}

async function bufferPlaces(
  trace: TraceFile,
  buffer: TraceBuffer,
  start: number,
): Promise<{ list: DataPlace[]; next: number }> {
  const count = buffer.cpus.reduce((most, { cpu }) => Math.max(most, cpu + 1), 0);
  const { size: pageSize } = buffer.layout;
  const list: DataPlace[] = [];
  let next = start;
  for (let cpu = 0; cpu < count; cpu++) {
    const data = buffer.cpus.find((candidate) => candidate.cpu === cpu);
    if (data === undefined || data.size === 0 || !buffer.compressed) {
      list.push({ cpu, offset: data?.offset ?? 0, size: data?.size ?? 0 });
      continue;
    }
    const size = await uncompressedSize(trace, pageSize, data);
    list.push({ cpu, offset: next, size });
    next = Math.ceil((next + size) / pageSize) * pageSize;
  }
  return { list, next };
}

async function uncompressedSize({ source, header }: TraceFile, pageSize: number, data: CpuData): Promise<number> {
  const end = Math.min(chunksEnd(data), source.size);
  const index = new ChunkIndex(source, header.littleEndian, chunkBounds(pageSize), data.offset, end);
  await index.reach(Number.POSITIVE_INFINITY);
  let size = 0;
  for (let i = 0; i < index.length; i++) size += index.at(i)?.size ?? 0;
  return size;
}
