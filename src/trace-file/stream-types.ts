import type { EventRecord } from '../format/record.ts';
import type { EventSieve, PlacedRecord } from '../ring-buffer/record-cursor.ts';

/** What `CpuStream.advance` found. Numbers, since it is asked once per event. */
export const STREAM_END = 0;
export const STREAM_RECORD = 1;
/** The window is used up: await `load()`, then advance again. */
export const STREAM_LOAD = 2;
export type StreamState = typeof STREAM_END | typeof STREAM_RECORD | typeof STREAM_LOAD;

export interface CpuStreamOptions {
  /** Bytes of decoded sub-buffers kept in memory at a time; rounded to whole chunks. */
  readonly windowBytes: number;
  /** Keep the event after the current one in memory too, so that `peek` always answers. */
  readonly lookahead: boolean;
}

/** The events of one CPU of one buffer, in order, with raw stamps. Synchronous within a window. */
export interface CpuStream {
  readonly cpu: number;
  /** The current event; meaningful after `advance` returned STREAM_RECORD, until the next call. */
  readonly record: PlacedRecord;
  /** How many events `advance` passed over so far, and the latest raw stamp of any of them, in halves. */
  readonly passed: number;
  readonly passedHi: number;
  readonly passedLo: number;
  /** What could not be read so far, one line each: grows as the stream goes on. */
  readonly warnings: readonly string[];
  /** Goes to the next event; with a sieve, to the next one that passes it. */
  advance(sieve?: EventSieve): StreamState;
  load(): Promise<void>;
  /** How many events are left. Uses them up. */
  count(): Promise<number>;
  /** The event after the current one, without stepping to it; undefined at the end. Needs `lookahead`. */
  peek(): EventRecord | undefined;
  /**
   * Places the stream before the first sub-buffer that can hold events at or after a raw time: the next `advance`
   * delivers an event of that sub-buffer, which may still be earlier than `time`.
   */
  seek(time: bigint): Promise<void>;
  /** Raw time of the first and of the last event; undefined when there is none. */
  firstTime(): Promise<bigint | undefined>;
  lastTime(): Promise<bigint | undefined>;
}
