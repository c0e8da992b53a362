import type { ByteSource } from '../base/byte-source.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import { subBufferTime } from '../ring-buffer/sub-buffer-time.ts';
import { type CpuWindows, lastBefore, type Window } from './cpu-windows.ts';
import type { CpuData } from './types.ts';

/** Read at once, pieces of a file that stay in a CPU's own cache are four times as fast to get, and faster to walk. */
const NEAR_BYTES = 1 << 16;

/**
 * Uncompressed CPU data: windows are ranges of the source. Where that can be read at once, small ones, each when it is
 * needed; elsewhere the next one is read while one is in use.
 */
export class PlainWindows implements CpuWindows {
  readonly warnings: string[] = [];
  readonly #source: ByteSource;
  readonly #layout: SubBufferLayout;
  readonly #start: number;
  readonly #end: number;
  readonly #windowSize: number;
  readonly #free: Uint8Array[] = [];
  /** File offset after what was read, or is being read. */
  #position: number;
  #ready: Window | undefined;
  #reading: Promise<void> | undefined;
  #failure: unknown;
  /** Counts seeks: a read that a seek overtook is dropped. */
  #generation = 0;

  constructor(source: ByteSource, layout: SubBufferLayout, data: CpuData, windowBytes: number) {
    this.#source = source;
    this.#layout = layout;
    this.#start = data.offset;
    this.#end = Math.max(data.offset, Math.min(data.offset + data.size, source.size));
    this.#position = data.offset;
    const wanted = source.readNow === undefined ? windowBytes : Math.min(windowBytes, NEAR_BYTES);
    const whole = Math.max(1, Math.floor(wanted / layout.size)) * layout.size;
    const all = Math.ceil((this.#end - this.#start) / layout.size) * layout.size;
    this.#windowSize = Math.max(layout.size, Math.min(whole, all));
  }

  get ended(): boolean {
    return this.#ready === undefined && this.#reading === undefined && this.#position >= this.#end;
  }

  take(): Window | undefined {
    const source = this.#source;
    if (source.readNow !== undefined) {
      if (this.#position >= this.#end) return undefined;
      const { bytes, offset, wanted } = this.#next();
      return this.#window(bytes, source.readNow(bytes.subarray(0, wanted), offset), offset);
    }
    const window = this.#ready;
    if (window === undefined) return undefined;
    this.#ready = undefined;
    this.#readAhead();
    return window;
  }

  async fetch(): Promise<void> {
    if (this.#source.readNow !== undefined) return;
    this.#readAhead();
    await this.#reading;
    if (this.#failure !== undefined) throw this.#failure;
  }

  #readAhead(): void {
    if (this.#ready !== undefined || this.#reading !== undefined || this.#position >= this.#end) return;
    const generation = this.#generation;
    this.#reading = this.#read().then(
      (window) => {
        if (generation !== this.#generation) return this.release(window);
        this.#reading = undefined;
        this.#ready = window;
      },
      (error: unknown) => {
        if (generation === this.#generation) this.#failure = error;
      },
    );
  }

  async #read(): Promise<Window> {
    const { bytes, offset, wanted } = this.#next();
    return this.#window(bytes, await this.#source.readInto(bytes.subarray(0, wanted), offset), offset);
  }

  #window(bytes: Uint8Array, count: number, offset: number): Window {
    return { bytes, from: 0, to: count, position: offset - this.#start };
  }

  /** Memory for the next window, and what of the file goes into it. */
  #next(): { readonly bytes: Uint8Array; readonly offset: number; readonly wanted: number } {
    const bytes = this.#free.pop() ?? new Uint8Array(this.#windowSize);
    const offset = this.#position;
    this.#position = Math.min(offset + this.#windowSize, this.#end);
    return { bytes, offset, wanted: this.#position - offset };
  }

  release(window: Window): void {
    this.#free.push(window.bytes);
  }

  #restart(position: number): void {
    this.#generation++;
    this.#ready = undefined;
    this.#reading = undefined;
    this.#failure = undefined;
    this.#position = position;
  }

  async seek(time: bigint): Promise<void> {
    const { size, dataOffset } = this.#layout;
    const count = Math.ceil((this.#end - this.#start) / size);
    const index = await lastBefore(count, time, async (i) => {
      const header = await this.#source.read(this.#start + i * size, dataOffset);
      return subBufferTime(header, 0, header.length, this.#layout);
    });
    this.#restart(this.#start + index * size);
  }

  async *backward(): AsyncIterable<Window> {
    const count = Math.ceil((this.#end - this.#start) / this.#windowSize);
    for (let i = count - 1; i >= 0; i--) {
      const offset = this.#start + i * this.#windowSize;
      const bytes = await this.#source.read(offset, Math.min(this.#windowSize, this.#end - offset));
      yield { bytes, from: 0, to: bytes.length, position: offset - this.#start };
    }
  }
}
