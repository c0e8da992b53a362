import type { PlacedRecord } from '../../ring-buffer/record-cursor.ts';
import { COLUMN_COUNT, COLUMNS } from './protocol.ts';

/** A batch goes on its way when it holds so much: large enough to be worth a message, small enough for many CPUs. */
const FULL_BYTES = 1 << 18;
const MOST_EVENTS = 1 << 12;
const FIRST_BYTES = 1 << 12;
const FIRST_EVENTS = 1 << 6;

/** Events copied out of their sub-buffers, to be sent elsewhere. */
export class BatchBuilder {
  #bytes = new Uint8Array(FIRST_BYTES);
  #table = new Float64Array(FIRST_EVENTS * COLUMN_COUNT);
  #length = 0;
  count = 0;

  get isFull(): boolean {
    return this.#length >= FULL_BYTES || this.count >= MOST_EVENTS;
  }

  /** `passedHi`, `passedLo`: the latest stamp that was left out before this event. */
  add(record: PlacedRecord, passedHi: number, passedLo: number): void {
    const { bytes, start, end } = record;
    const at = this.#length;
    this.#reserve(at + end - start);
    this.#bytes.set(bytes.subarray(start, end), at);
    // Fields are aligned to four bytes in sub-buffers; the copies stay so.
    this.#length = at + Math.ceil((end - start) / 4) * 4;
    const row = this.count++ * COLUMN_COUNT;
    const table = this.#table;
    table[row + COLUMNS.start] = at;
    table[row + COLUMNS.end] = at + end - start;
    table[row + COLUMNS.subBuffer] = at + record.subBuffer - start;
    table[row + COLUMNS.tsHi] = record.tsHi;
    table[row + COLUMNS.tsLo] = record.tsLo;
    table[row + COLUMNS.missed] = record.missed;
    table[row + COLUMNS.passedHi] = passedHi;
    table[row + COLUMNS.passedLo] = passedLo;
  }

  #reserve(length: number): void {
    if (length + 4 > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(2 * this.#bytes.length, length + 4));
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    if ((this.count + 1) * COLUMN_COUNT > this.#table.length) {
      const grown = new Float64Array(2 * this.#table.length);
      grown.set(this.#table);
      this.#table = grown;
    }
  }

  /** What was added, to be given away; the builder must not be used any more. */
  finish(): { count: number; bytes: Uint8Array<ArrayBuffer>; table: Float64Array<ArrayBuffer> } {
    return { count: this.count, bytes: this.#bytes, table: this.#table };
  }
}
