import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import { subBufferTime } from '../ring-buffer/sub-buffer-time.ts';
import { ChunkIndex, type ChunkPlace } from './chunk-index.ts';
import { type Chunk, ChunkReader } from './chunk-reader.ts';
import { CHUNK_HEADER_SIZE, chunksEnd } from './chunks.ts';
import { type Codecs, chunkBounds, decompressBlock, type SizeBounds } from './codecs.ts';
import { type CpuWindows, lastBefore, type Window } from './cpu-windows.ts';
import { at } from './ids.ts';
import type { CpuData, TraceFile } from './types.ts';

const SMALLEST_BLOCK = 1 << 16;
const MOST_WARNINGS = 8;

/**
 * Compressed CPU data: a window is one chunk. Some of them are read and decompressed together, the next ones while
 * these are walked.
 */
export class ChunkWindows implements CpuWindows {
  readonly warnings: string[] = [];
  readonly #source: ByteSource;
  readonly #codecs: Codecs;
  readonly #compression: string;
  readonly #layout: SubBufferLayout;
  readonly #bounds: SizeBounds;
  readonly #subject: string;
  readonly #windowBytes: number;
  readonly #reader: ChunkReader;
  readonly #index: ChunkIndex;
  /** Windows in memory, the first ones to be taken last in the list; and those after them. */
  #ready: Window[] = [];
  #following: Window[] = [];
  /** Memory that windows share, with the number of those not released yet; and memory that may be used again. */
  readonly #users = new Map<ArrayBuffer, number>();
  readonly #free: ArrayBuffer[] = [];
  #loading: Promise<void> | undefined;
  /** What no other chunk would survive either; the next `fetch` throws it. */
  #failure: unknown;
  /** Counts seeks: what was being loaded then is dropped. */
  #generation = 0;
  /** Where the next chunk begins in the decoded data. */
  #position = 0;
  /** Bytes of the next chunk that lie before the place sought. */
  #skip = 0;

  constructor(file: TraceFile, layout: SubBufferLayout, data: CpuData, windowBytes: number) {
    const { source, header } = file;
    const { littleEndian } = header;
    this.#source = source;
    this.#codecs = file.codecs;
    this.#compression = header.compression.name;
    this.#layout = layout;
    this.#bounds = chunkBounds(layout.size);
    this.#subject = `${source.name}: CPU ${data.cpu}`;
    this.#windowBytes = windowBytes;
    this.#reader = new ChunkReader(source, data, {
      littleEndian,
      bounds: this.#bounds,
      blockSize: Math.max(SMALLEST_BLOCK, Math.floor(windowBytes / 4)),
      subject: this.#subject,
      warn: (problem) => this.#warn(problem),
    });
    const end = Math.max(data.offset, Math.min(chunksEnd(data), source.size));
    this.#index = new ChunkIndex(source, littleEndian, this.#bounds, data.offset, end);
  }

  get ended(): boolean {
    const inMemory = this.#ready.length + this.#following.length;
    return inMemory === 0 && this.#loading === undefined && this.#reader.ended;
  }

  take(): Window | undefined {
    if (this.#ready.length === 0) {
      this.#ready = this.#following.reverse();
      this.#following = [];
    }
    const window = this.#ready.pop();
    if (window !== undefined) this.#loadAhead();
    return window;
  }

  async fetch(): Promise<void> {
    this.#loadAhead();
    await this.#loading;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #loadAhead(): void {
    if (this.#following.length > 0 || this.#loading !== undefined || this.#reader.ended) return;
    const generation = this.#generation;
    this.#loading = this.#load().then(
      (windows) => {
        if (generation !== this.#generation) return;
        this.#loading = undefined;
        this.#following = windows;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#failure = error;
      },
    );
  }

  async #load(): Promise<Window[]> {
    const chunks = await this.#reader.next(this.#windowBytes);
    const decoded = (await this.#decompressAll(chunks)) ?? (await this.#decompressEach(chunks));
    const windows: Window[] = [];
    for (const [index, { size }] of chunks.entries()) {
      const bytes = decoded[index];
      const from = this.#skip;
      const position = this.#position;
      this.#skip = 0;
      this.#position += size;
      if (bytes !== undefined) windows.push({ bytes, from: Math.min(from, size), to: size, position });
    }
    return windows;
  }

  /** All at once; undefined where there is no such codec, or one of them is damaged. */
  async #decompressAll(chunks: readonly Chunk[]): Promise<Uint8Array[] | undefined> {
    if (this.#codecs.decompressAll === undefined || chunks.length === 0) return undefined;
    const size = chunks.reduce((sum, chunk) => sum + chunk.size, 0);
    const room = this.#free.pop();
    const memory = room !== undefined && room.byteLength >= size ? room : new ArrayBuffer(size);
    const target = new Uint8Array(memory, 0, size);
    const blocks = chunks.map(({ compressed }) => compressed);
    if (!(await this.#codecs.decompressAll(this.#compression, blocks, target))) return undefined;
    this.#users.set(memory, chunks.length);
    let end = 0;
    return chunks.map((chunk) => {
      end += chunk.size;
      return target.subarray(end - chunk.size, end);
    });
  }

  /** One after the other; undefined for each that is damaged. */
  async #decompressEach(chunks: readonly Chunk[]): Promise<(Uint8Array | undefined)[]> {
    const decoded: (Uint8Array | undefined)[] = [];
    for (const chunk of chunks) {
      const bytes = await this.#decompress(chunk, (problem) => this.#warn(`${problem}; its events are lost`));
      decoded.push(bytes);
    }
    return decoded;
  }

  /** Undefined, and said, where the chunk is damaged. */
  async #decompress(
    { offset, compressed, size }: Chunk,
    damaged: (problem: string) => void,
  ): Promise<Uint8Array | undefined> {
    const subject = `${this.#subject}: chunk at ${at(offset)}`;
    try {
      return await decompressBlock(this.#codecs, this.#compression, compressed, size, this.#bounds, subject);
    } catch (error) {
      if (!(error instanceof TandemError) || error.code !== 'CORRUPT') throw error;
      damaged(error.message.slice(this.#subject.length + 2));
      return undefined;
    }
  }

  #warn(problem: string): void {
    if (this.warnings.length < MOST_WARNINGS) this.warnings.push(problem);
  }

  release({ bytes }: Window): void {
    const memory = bytes.buffer as ArrayBuffer;
    const users = this.#users.get(memory);
    if (users === undefined) return;
    this.#users.set(memory, users - 1);
    if (users > 1) return;
    this.#users.delete(memory);
    this.#free.push(memory);
  }

  async seek(time: bigint): Promise<void> {
    this.#generation++;
    // The reader must not go on behind the place sought.
    await this.#loading;
    this.#loading = undefined;
    this.#ready = [];
    this.#following = [];
    this.#users.clear();
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
    const bytes = await this.#decompressPlace(place);
    const { size } = this.#layout;
    const page = await lastBefore(Math.ceil(bytes.length / size), time, async (i) =>
      subBufferTime(bytes, i * size, bytes.length, this.#layout),
    );
    this.#reader.goTo(place, index.count - chunk);
    this.#position = this.#sizeBefore(chunk);
    this.#skip = page * size;
  }

  /** Time of the first sub-buffer with events in a chunk; remembered. */
  async #timeOf(chunk: number): Promise<bigint | undefined> {
    const place = this.#index.at(chunk);
    if (place === undefined) return undefined;
    if (place.time === undefined) {
      const bytes = await this.#decompressPlace(place);
      const { size } = this.#layout;
      for (let at = 0; at < bytes.length && place.time === undefined; at += size) {
        place.time = subBufferTime(bytes, at, bytes.length, this.#layout);
      }
    }
    return place.time;
  }

  /** A chunk decompressed apart from the walk; empty where it is damaged, which the walk will say. */
  async #decompressPlace({ offset, storedSize, size }: ChunkPlace): Promise<Uint8Array> {
    const compressed = await this.#source.read(offset + CHUNK_HEADER_SIZE, storedSize);
    return (await this.#decompress({ offset, compressed, size }, () => {})) ?? new Uint8Array(0);
  }

  async *backward(): AsyncIterable<Window> {
    await this.#index.reach(Number.POSITIVE_INFINITY);
    for (let i = this.#index.length - 1; i >= 0; i--) {
      const bytes = await this.#decompressPlace(this.#index.at(i) as ChunkPlace);
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
