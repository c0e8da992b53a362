import type { ByteSource } from '../base/byte-source.ts';
import { CHUNK_COUNT_SIZE, readChunkHeader } from './chunks.ts';
import type { SizeBounds } from './codecs.ts';
import { SourceReader } from './source-reader.ts';

/** Where a chunk is in the file, and when it begins, once somebody looked. */
export interface ChunkPlace {
  /** File offset of its header. */
  readonly offset: number;
  readonly storedSize: number;
  readonly size: number;
  time: bigint | undefined;
}

/** The places of one CPU's chunks, found by going from header to header, no further than asked. */
export class ChunkIndex {
  readonly #reader: SourceReader;
  readonly #bounds: SizeBounds;
  readonly #places: ChunkPlace[] = [];
  /** Chunks that the file promises; undefined before the first look. */
  #count: number | undefined;
  #complete = false;

  constructor(source: ByteSource, littleEndian: boolean, bounds: SizeBounds, start: number, end: number) {
    this.#reader = new SourceReader(source, littleEndian, source.name, start, end);
    this.#bounds = bounds;
  }

  /** Chunks found so far. */
  get length(): number {
    return this.#places.length;
  }

  /** Chunks in all, as the file says. */
  get count(): number {
    return this.#count ?? 0;
  }

  at(index: number): ChunkPlace | undefined {
    return this.#places[index];
  }

  /** Goes on until the chunk `index` is known. False when there are not so many whole ones. */
  async reach(index: number): Promise<boolean> {
    const reader = this.#reader;
    if (this.#count === undefined) {
      this.#complete = reader.remaining < CHUNK_COUNT_SIZE;
      this.#count = this.#complete ? 0 : await reader.u32();
    }
    while (!this.#complete && this.#places.length <= index) {
      const offset = reader.position;
      const header = this.length < this.#count ? await readChunkHeader(reader, this.#bounds) : undefined;
      this.#complete = header === undefined || header.storedSize > reader.remaining;
      if (header === undefined || this.#complete) break;
      reader.skip(header.storedSize);
      this.#places.push({ offset, ...header, time: undefined });
    }
    return this.#places.length > index;
  }
}
