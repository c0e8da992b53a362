import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import { subBufferTime } from '../ring-buffer/sub-buffer-time.ts';
import { ChunkIndex, type ChunkPlace } from './chunk-index.ts';
import { CHUNK_COUNT_SIZE, CHUNK_HEADER_SIZE, chunksEnd, isChunk } from './chunks.ts';
import { type Codecs, chunkBounds, decompressBlock, type SizeBounds } from './codecs.ts';
import { type CpuWindows, lastBefore, type Window } from './cpu-windows.ts';
import { at } from './ids.ts';
import type { CpuData, TraceFile } from './types.ts';

const SMALLEST_BLOCK = 1 << 16;
const MOST_WARNINGS = 8;

/** Compressed bytes of a CPU in memory: bytes[0..length) from file offset `offset`. */
interface Block {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly offset: number;
  readonly length: number;
}

/**
 * Compressed CPU data: a window is one chunk, decoded when it is taken. Compressed bytes are read in blocks, the
 * next one while one is in use.
 */
export class ChunkWindows implements CpuWindows {
  readonly warnings: string[] = [];
  readonly #source: ByteSource;
  readonly #codecs: Codecs;
  readonly #compression: string;
  readonly #littleEndian: boolean;
  readonly #layout: SubBufferLayout;
  readonly #bounds: SizeBounds;
  readonly #subject: string;
  readonly #index: ChunkIndex;
  readonly #start: number;
  readonly #end: number;
  readonly #blockSize: number;
  /** File offset of the next chunk's header. */
  #position: number;
  /** Where the next chunk begins in the decoded data. */
  #decodedPosition = 0;
  #chunksLeft: number;
  #block: Block | undefined;
  #ahead: { readonly offset: number; readonly block: Promise<Block> } | undefined;
  /** A chunk that a codec decodes on its own time. */
  #decoding: Promise<void> | undefined;
  #decoded: Window | undefined;
  /** What no other chunk would survive either; the next `fetch` throws it. */
  #failure: unknown;
  /** Bytes of the next chunk that lie before the place sought. */
  #skip = 0;

  constructor(file: TraceFile, layout: SubBufferLayout, data: CpuData, windowBytes: number) {
    this.#source = file.source;
    this.#codecs = file.codecs;
    this.#compression = file.header.compression.name;
    this.#littleEndian = file.header.littleEndian;
    this.#layout = layout;
    this.#bounds = chunkBounds(layout.size);
    this.#subject = `${file.source.name}: CPU ${data.cpu}`;
    this.#start = data.offset;
    this.#end = Math.max(data.offset, Math.min(chunksEnd(data), file.source.size));
    this.#position = data.offset;
    this.#chunksLeft = data.size === 0 || data.offset >= file.source.size ? 0 : Number.POSITIVE_INFINITY;
    this.#blockSize = Math.max(SMALLEST_BLOCK, Math.floor(windowBytes / 4));
    this.#index = new ChunkIndex(file.source, this.#littleEndian, this.#bounds, data.offset, this.#end);
  }

  get ended(): boolean {
    const waiting = this.#decoded !== undefined || this.#decoding !== undefined || this.#failure !== undefined;
    return this.#chunksLeft === 0 && !waiting;
  }

  take(): Window | undefined {
    for (;;) {
      const decoded = this.#decoded;
      if (decoded !== undefined) {
        this.#decoded = undefined;
        return decoded;
      }
      const stuck = this.#decoding !== undefined || this.#failure !== undefined || this.#chunksLeft === 0;
      if (stuck || !this.#startChunk()) return undefined;
    }
  }

  async fetch(): Promise<void> {
    while (this.#decoding !== undefined) await this.#decoding;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#decoded !== undefined || this.ended) return;
    const wanted = this.#chunkEnd() - this.#position;
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const useAhead = ahead !== undefined && ahead.offset === this.#position;
    let block = useAhead ? await ahead.block : undefined;
    if (block === undefined || block.length < wanted) {
      block = await this.#readBlock(this.#position, Math.max(wanted, this.#blockSize));
      if (block.length < wanted)
        throw new TandemError('IO', this.#subject, 'the file became shorter while it was read');
    }
    this.#block = block;
    this.#readAhead();
  }

  /** File offset where the bytes end that the next step needs: a chunk whose header is known, or its header. */
  #chunkEnd(): number {
    const header = this.#headerAt(this.#position);
    const size = header === undefined ? CHUNK_COUNT_SIZE + CHUNK_HEADER_SIZE : CHUNK_HEADER_SIZE + header.storedSize;
    return Math.min(this.#position + size, this.#end);
  }

  async #readBlock(offset: number, size: number): Promise<Block> {
    const bytes = await this.#source.read(offset, Math.min(size, this.#end - offset));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return { bytes, view, offset, length: bytes.length };
  }

  /** Begins to read the block that the first chunk not whole in this one needs. */
  #readAhead(): void {
    const block = this.#block;
    if (block === undefined) return;
    let offset = this.#position === this.#start ? this.#start + CHUNK_COUNT_SIZE : this.#position;
    const blockEnd = block.offset + block.length;
    for (let header = this.#headerAt(offset); header !== undefined; header = this.#headerAt(offset)) {
      const next = offset + CHUNK_HEADER_SIZE + header.storedSize;
      if (next > blockEnd || !isChunk(header, this.#bounds)) break;
      offset = next;
    }
    if (offset >= this.#end || offset === block.offset) return;
    const ahead = this.#readBlock(offset, this.#blockSize);
    // Whoever needs the block sees the failure; until then nobody may be listening.
    ahead.catch(() => {});
    this.#ahead = { offset, block: ahead };
  }

  /** The two words of a chunk header at a file offset, where they are in memory. */
  #headerAt(offset: number): { storedSize: number; size: number } | undefined {
    const block = this.#block;
    if (block === undefined || offset < block.offset || offset + CHUNK_HEADER_SIZE > block.offset + block.length) {
      return undefined;
    }
    const local = offset - block.offset;
    const storedSize = block.view.getUint32(local, this.#littleEndian);
    return { storedSize, size: block.view.getUint32(local + 4, this.#littleEndian) };
  }

  /** Takes on the chunk at the position. False when more bytes are needed for it, or when the data ends here. */
  #startChunk(): boolean {
    const block = this.#block;
    if (this.#position === this.#start) {
      if (block === undefined || block.offset !== this.#start || block.length < CHUNK_COUNT_SIZE) {
        return block?.offset === this.#start && this.#stop('is cut inside its count of chunks');
      }
      this.#chunksLeft = block.view.getUint32(0, this.#littleEndian);
      this.#position += CHUNK_COUNT_SIZE;
      return true;
    }
    if (this.#position + CHUNK_HEADER_SIZE > this.#end) return this.#stop('is cut before its last chunk');
    const header = this.#headerAt(this.#position);
    if (block === undefined || header === undefined) return false;
    if (!isChunk(header, this.#bounds)) {
      return this.#stop(`no chunk begins at ${at(this.#position)}; the events after it are lost`);
    }
    const end = this.#position + CHUNK_HEADER_SIZE + header.storedSize;
    if (end > this.#end) return this.#stop(`the chunk at ${at(this.#position)} is cut; its events are lost`);
    if (end > block.offset + block.length) return false;
    const local = this.#position + CHUNK_HEADER_SIZE - block.offset;
    const subject = `${this.#subject}: chunk at ${at(this.#position)}`;
    this.#position = end;
    this.#chunksLeft--;
    this.#decode(block.bytes.subarray(local, local + header.storedSize), header.size, subject);
    return true;
  }

  #stop(problem: string): boolean {
    this.#warn(problem);
    this.#chunksLeft = 0;
    return true;
  }

  #warn(problem: string): void {
    if (this.warnings.length < MOST_WARNINGS) this.warnings.push(problem);
  }

  #decode(compressed: Uint8Array, size: number, subject: string): void {
    const from = this.#skip;
    const position = this.#decodedPosition;
    this.#skip = 0;
    this.#decodedPosition += size;
    const done = (bytes: Uint8Array): void => {
      this.#decoded = { bytes, from: Math.min(from, bytes.length), to: bytes.length, position };
    };
    const failed = (error: unknown): void => {
      if (!(error instanceof TandemError) || error.code !== 'CORRUPT') this.#failure = error;
      else this.#warn(`${error.message.slice(this.#subject.length + 2)}; its events are lost`);
    };
    try {
      const bytes = decompressBlock(this.#codecs, this.#compression, compressed, size, this.#bounds, subject);
      if (bytes instanceof Promise) {
        const decoding = bytes.then(done, failed).finally(() => {
          if (this.#decoding === decoding) this.#decoding = undefined;
        });
        this.#decoding = decoding;
      } else done(bytes);
    } catch (error) {
      failed(error);
    }
  }

  /** Chunks are handed out by codecs, which make them anew. */
  release(): void {}

  async seek(time: bigint): Promise<void> {
    await this.#decoding;
    this.#decoding = undefined;
    this.#decoded = undefined;
    const index = this.#index;
    // Look further and further ahead, so that a near place does not need the whole index.
    let count = 1;
    while (await index.reach(count - 1)) {
      const first = await this.#timeOf(count - 1);
      if (first !== undefined && first >= time) break;
      count *= 2;
    }
    const chunk = await lastBefore(Math.min(count, index.length), time, (i) => this.#timeOf(i));
    const place = index.at(chunk);
    if (place === undefined) return;
    const bytes = await this.#decodePlace(place);
    const { size } = this.#layout;
    const page = await lastBefore(Math.ceil(bytes.length / size), time, async (i) =>
      subBufferTime(bytes, i * size, bytes.length, this.#layout),
    );
    this.#position = place.offset;
    this.#decodedPosition = this.#sizeBefore(chunk);
    this.#chunksLeft = index.count - chunk;
    this.#skip = page * size;
  }

  /** Time of the first sub-buffer with events in a chunk; remembered. */
  async #timeOf(chunk: number): Promise<bigint | undefined> {
    const place = this.#index.at(chunk);
    if (place === undefined) return undefined;
    if (place.time === undefined) {
      const bytes = await this.#decodePlace(place);
      const { size } = this.#layout;
      for (let at = 0; at < bytes.length && place.time === undefined; at += size) {
        place.time = subBufferTime(bytes, at, bytes.length, this.#layout);
      }
    }
    return place.time;
  }

  /** A chunk decoded apart from the walk; empty where it is damaged, which the walk will say. */
  async #decodePlace(place: ChunkPlace): Promise<Uint8Array> {
    const compressed = await this.#source.read(place.offset + CHUNK_HEADER_SIZE, place.storedSize);
    try {
      return await decompressBlock(
        this.#codecs,
        this.#compression,
        compressed,
        place.size,
        this.#bounds,
        `${this.#subject}: chunk at ${at(place.offset)}`,
      );
    } catch (error) {
      if (!(error instanceof TandemError) || error.code !== 'CORRUPT') throw error;
      return new Uint8Array(0);
    }
  }

  async *backward(): AsyncIterable<Window> {
    await this.#index.reach(Number.POSITIVE_INFINITY);
    for (let i = this.#index.length - 1; i >= 0; i--) {
      const bytes = await this.#decodePlace(this.#index.at(i) as ChunkPlace);
      yield { bytes, from: 0, to: bytes.length, position: this.#sizeBefore(i) };
    }
  }

  /** Decoded bytes of the chunks before one that the index knows. */
  #sizeBefore(chunk: number): number {
    let size = 0;
    for (let i = 0; i < chunk; i++) size += this.#index.at(i)?.size ?? 0;
    return size;
  }
}
