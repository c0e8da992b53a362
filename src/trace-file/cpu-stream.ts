import type { EventRecord } from '../format/record.ts';
import { type EventSieve, type PlacedRecord, SubBufferCursor } from '../ring-buffer/record-cursor.ts';
import { ChunkWindows } from './chunk-windows.ts';
import type { CpuWindows, Window } from './cpu-windows.ts';
import { PlainWindows } from './plain-windows.ts';
import {
  type CpuStream,
  type CpuStreamOptions,
  STREAM_END,
  STREAM_LOAD,
  STREAM_RECORD,
  type StreamState,
} from './stream-types.ts';
import type { CpuData, TraceBuffer, TraceFile } from './types.ts';

/** A stream that knows where its events lie. */
export interface PlacedCpuStream extends CpuStream {
  /** Where the sub-buffer of the current event is in the CPU's data, decoded. */
  readonly subBufferPosition: number;
}

/**
 * The events of one CPU of one buffer of a file, from the first one on. A CPU that the buffer does not list, or
 * without data, gives a stream that ends at once.
 */
export function openCpuStream(
  file: TraceFile,
  buffer: TraceBuffer,
  cpu: number,
  options: CpuStreamOptions,
): PlacedCpuStream {
  const data = buffer.cpus.find((candidate) => candidate.cpu === cpu) ?? { cpu, offset: 0, size: 0 };
  return new WindowedStream(file, buffer, data, options);
}

class WindowedStream implements PlacedCpuStream {
  readonly cpu: number;
  readonly record: PlacedRecord;
  readonly #file: TraceFile;
  readonly #buffer: TraceBuffer;
  readonly #data: CpuData;
  readonly #options: CpuStreamOptions;
  readonly #windows: CpuWindows;
  readonly #cursor: SubBufferCursor;
  /** Steps ahead of the cursor for `peek`, and into windows to see whether they hold an event. */
  readonly #ahead: SubBufferCursor;
  #window: Window | undefined;
  /**
   * With lookahead a window is walked in two pieces: up to its last sub-buffer with events, and from there on.
   * The second is begun only when the window after it is in memory, so that `peek` always finds the next event.
   * `#tail` is where the second piece begins, -1 while it is walked.
   */
  #tail = -1;
  #following: Window | undefined;

  constructor(file: TraceFile, buffer: TraceBuffer, data: CpuData, options: CpuStreamOptions) {
    this.cpu = data.cpu;
    this.#file = file;
    this.#buffer = buffer;
    this.#data = data;
    this.#options = options;
    this.#windows = this.#open(options.windowBytes);
    this.#cursor = new SubBufferCursor(buffer.layout, data.cpu);
    this.#ahead = new SubBufferCursor(buffer.layout, data.cpu);
    this.record = this.#cursor;
  }

  #open(windowBytes: number): CpuWindows {
    const { layout, compressed } = this.#buffer;
    if (compressed) return new ChunkWindows(this.#file, layout, this.#data, windowBytes);
    return new PlainWindows(this.#file.source, layout, this.#data, windowBytes);
  }

  get warnings(): readonly string[] {
    const { corrupt } = this.#cursor;
    if (corrupt === 0) return this.#windows.warnings;
    return [...this.#windows.warnings, `${corrupt} damaged sub-buffers, of which not all events can be read`];
  }

  get subBufferPosition(): number {
    return (this.#window?.position ?? 0) + this.#cursor.subBuffer;
  }

  get passed(): number {
    return this.#cursor.passed;
  }

  get passedHi(): number {
    return this.#cursor.passedHi;
  }

  get passedLo(): number {
    return this.#cursor.passedLo;
  }

  advance(sieve?: EventSieve): StreamState {
    return this.#step(sieve) ? STREAM_RECORD : this.#nextPiece(sieve);
  }

  #step(sieve: EventSieve | undefined): boolean {
    return sieve === undefined ? this.#cursor.next() : this.#cursor.nextThrough(sieve);
  }

  async load(): Promise<void> {
    await this.#windows.fetch();
  }

  async count(): Promise<number> {
    for (let count = 0; ; ) {
      count += this.#cursor.countRest();
      const state = this.advance();
      if (state === STREAM_RECORD) count++;
      else if (state === STREAM_END) return count;
      else await this.load();
    }
  }

  /** Goes on where the current piece of memory is used up. */
  #nextPiece(sieve: EventSieve | undefined): StreamState {
    do {
      const window = this.#window;
      if (window !== undefined && this.#tail >= 0) {
        if (!this.#findFollowing()) return STREAM_LOAD;
        this.#cursor.load(window.bytes, this.#tail, window.to);
        this.#tail = -1;
      } else {
        const next = this.#following ?? this.#windows.take();
        this.#following = undefined;
        if (next === undefined) return this.#windows.ended ? STREAM_END : STREAM_LOAD;
        if (window !== undefined) this.#windows.release(window);
        this.#enter(next);
      }
    } while (!this.#step(sieve));
    return STREAM_RECORD;
  }

  #enter(window: Window): void {
    this.#window = window;
    const tail = this.#options.lookahead ? this.#lastWithEvents(window) : undefined;
    this.#tail = tail ?? -1;
    this.#cursor.load(window.bytes, window.from, tail ?? window.to);
  }

  /** Makes sure that the window with the next event is in memory, or that there is none. False where to wait. */
  #findFollowing(): boolean {
    while (this.#following === undefined) {
      const window = this.#windows.take();
      if (window === undefined) return this.#windows.ended;
      if (this.#lastWithEvents(window) === undefined) this.#windows.release(window);
      else this.#following = window;
    }
    return true;
  }

  /** Offset of the last sub-buffer in a window that has an event. */
  #lastWithEvents({ bytes, from, to }: Window): number | undefined {
    const { size } = this.#buffer.layout;
    for (let at = from + (Math.ceil((to - from) / size) - 1) * size; at >= from; at -= size) {
      this.#ahead.load(bytes, at, Math.min(at + size, to));
      if (this.#ahead.next()) return at;
    }
    return undefined;
  }

  peek(): EventRecord | undefined {
    const ahead = this.#ahead;
    ahead.copyFrom(this.#cursor);
    if (ahead.next()) return ahead;
    const window = this.#window;
    if (window !== undefined && this.#tail >= 0) {
      ahead.load(window.bytes, this.#tail, window.to);
      if (ahead.next()) return ahead;
    }
    const following = this.#following;
    if (following === undefined) return undefined;
    ahead.load(following.bytes, following.from, following.to);
    return ahead.next() ? ahead : undefined;
  }

  async seek(time: bigint): Promise<void> {
    for (const window of [this.#window, this.#following]) if (window) this.#windows.release(window);
    this.#window = undefined;
    this.#following = undefined;
    this.#tail = -1;
    this.#cursor.load(this.#cursor.bytes, 0, 0);
    await this.#windows.seek(time);
  }

  async firstTime(): Promise<bigint | undefined> {
    const windowBytes = this.#buffer.layout.size;
    const options = { windowBytes, lookahead: false };
    const stream = new WindowedStream(this.#file, this.#buffer, this.#data, options);
    for (;;) {
      const state = stream.advance();
      if (state === STREAM_RECORD) return timeOf(stream.record);
      if (state === STREAM_END) return undefined;
      await stream.load();
    }
  }

  async lastTime(): Promise<bigint | undefined> {
    const cursor = new SubBufferCursor(this.#buffer.layout, this.cpu);
    const { size } = this.#buffer.layout;
    for await (const { bytes, from, to } of this.#open(size).backward()) {
      for (let at = from + (Math.ceil((to - from) / size) - 1) * size; at >= from; at -= size) {
        cursor.load(bytes, at, Math.min(at + size, to));
        let time: bigint | undefined;
        while (cursor.next()) time = timeOf(cursor);
        if (time !== undefined) return time;
      }
    }
    return undefined;
  }
}

const timeOf = (record: EventRecord): bigint => (BigInt(record.tsHi) << 32n) | BigInt(record.tsLo);
