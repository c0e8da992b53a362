import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import type { ChunkPlace } from './chunk-index.ts';
import { CHUNK_COUNT_SIZE, CHUNK_HEADER_SIZE, type ChunkHeader, chunksEnd, isChunk } from './chunks.ts';
import type { SizeBounds } from './codecs.ts';
import { at } from './ids.ts';
import type { CpuData } from './types.ts';

/** A chunk, still compressed. */
export interface Chunk {
  /** File offset of its header. */
  readonly offset: number;
  readonly compressed: Uint8Array;
  /** Bytes that it becomes, as the file says. */
  readonly size: number;
}

/** Compressed bytes of a CPU in memory, from file offset `offset` on. */
interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offset: number;
}

/** The chunks of one CPU, one after the other, read in blocks of many. Where one can't be, that is the end. */
export class ChunkReader {
  readonly #source: ByteSource;
  readonly #littleEndian: boolean;
  readonly #bounds: SizeBounds;
  readonly #subject: string;
  readonly #warn: (problem: string) => void;
  readonly #start: number;
  readonly #end: number;
  readonly #blockSize: number;
  /** File offset of the next chunk's header; at first, of the count of chunks. */
  #position: number;
  #left: number;
  #block: Block = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)), offset: 0 };

  constructor(
    source: ByteSource,
    data: CpuData,
    settings: {
      readonly littleEndian: boolean;
      readonly bounds: SizeBounds;
      readonly blockSize: number;
      readonly subject: string;
      readonly warn: (problem: string) => void;
    },
  ) {
    this.#source = source;
    this.#littleEndian = settings.littleEndian;
    this.#bounds = settings.bounds;
    this.#subject = settings.subject;
    this.#warn = settings.warn;
    this.#start = data.offset;
    this.#end = Math.max(data.offset, Math.min(chunksEnd(data), source.size));
    this.#position = data.offset;
    this.#left = data.size === 0 || data.offset >= source.size ? 0 : Number.POSITIVE_INFINITY;
    this.#blockSize = settings.blockSize;
  }

  get ended(): boolean {
    return this.#left === 0;
  }

  /** Goes on with a chunk, which is followed by `left - 1` more. */
  goTo({ offset }: ChunkPlace, left: number): void {
    this.#position = offset;
    this.#left = left;
  }

  /** The next chunks: those in memory that make `bytes` together, and at least one. None at the end. */
  async next(bytes: number): Promise<Chunk[]> {
    if (this.#position === this.#start) await this.#readCount();
    const chunks: Chunk[] = [];
    for (let total = 0; this.#left > 0 && (total < bytes || chunks.length === 0); ) {
      const header = await this.#header(chunks.length === 0);
      if (header === undefined) break;
      const offset = this.#position;
      const bodyOffset = offset + CHUNK_HEADER_SIZE;
      const end = bodyOffset + header.storedSize;
      if (!(await this.#holds(end, chunks.length === 0))) break;
      const { bytes: block, offset: blockOffset } = this.#block;
      chunks.push({
        offset,
        compressed: block.subarray(bodyOffset - blockOffset, end - blockOffset),
        size: header.size,
      });
      total += header.size;
      this.#position = end;
      this.#left--;
    }
    return chunks;
  }

  async #readCount(): Promise<void> {
    if (this.#left === 0) return;
    const end = this.#start + CHUNK_COUNT_SIZE;
    if (end > this.#end) return this.#stop('is cut inside its count of chunks');
    await this.#holds(end, true);
    this.#left = this.#block.view.getUint32(this.#start - this.#block.offset, this.#littleEndian);
    this.#position = end;
  }

  /** The header at the position. Undefined where there is none, which is the end, or where it must be read first. */
  async #header(mayRead: boolean): Promise<ChunkHeader | undefined> {
    const offset = this.#position;
    if (offset + CHUNK_HEADER_SIZE > this.#end) {
      this.#stop('is cut before its last chunk');
      return undefined;
    }
    if (!(await this.#holds(offset + CHUNK_HEADER_SIZE, mayRead))) return undefined;
    const { view, offset: blockOffset } = this.#block;
    const storedSize = view.getUint32(offset - blockOffset, this.#littleEndian);
    const size = view.getUint32(offset - blockOffset + 4, this.#littleEndian);
    const header = { storedSize, size };
    if (!isChunk(header, this.#bounds)) this.#stop(`no chunk begins at ${at(offset)}; the events after it are lost`);
    else if (offset + CHUNK_HEADER_SIZE + storedSize > this.#end)
      this.#stop(`the chunk at ${at(offset)} is cut; its events are lost`);
    return this.#left === 0 ? undefined : header;
  }

  #stop(problem: string): void {
    this.#warn(problem);
    this.#left = 0;
  }

  /** Whether the bytes from the position up to a file offset are in memory; reads them if it may. */
  async #holds(end: number, mayRead: boolean): Promise<boolean> {
    const { offset, bytes } = this.#block;
    if (this.#position >= offset && end <= offset + bytes.length) return true;
    if (!mayRead) return false;
    const start = this.#position;
    const wanted = Math.max(end - start, this.#blockSize);
    const read = await this.#source.read(start, Math.min(wanted, this.#end - start));
    if (read.length < end - start) {
      throw new TandemError('IO', this.#subject, 'the file became shorter while it was read');
    }
    this.#block = { bytes: read, view: new DataView(read.buffer, read.byteOffset, read.byteLength), offset: start };
    return true;
  }
}
