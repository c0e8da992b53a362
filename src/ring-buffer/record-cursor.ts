import type { EventRecord } from '../format/record.ts';

/** What a sub-buffer's header looks like, from the file's header_page text. */
export interface SubBufferLayout {
  readonly littleEndian: boolean;
  /** Bytes of the commit word: the kernel's long. */
  readonly commitSize: 4 | 8;
  /** Bytes before the first event: 16 or 12. */
  readonly dataOffset: number;
  /** Bytes of a whole sub-buffer. */
  readonly size: number;
}

/**
 * Walks the events of sub-buffers in memory, one after the other, raw kernel stamps in tsHi/tsLo.
 * The cursor is the record: its fields describe the event it stands on until the next `next()`.
 */
export interface RecordCursor extends EventRecord {
  /**
   * Starts over on the sub-buffers in bytes[from..to). A partial one at the end is walked as far as it goes.
   * The time carries over, so that absolute stamps keep their upper bits.
   */
  load(bytes: Uint8Array, from: number, to: number): void;
  /** Steps to the next event. False at the end of what was loaded. */
  next(): boolean;
}
