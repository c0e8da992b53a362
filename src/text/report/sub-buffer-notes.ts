import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { PlacedRecord, SubBufferLayout } from '../../ring-buffer/record-cursor.ts';

/** type_len of a ring-buffer entry's header from which on it holds no event. */
const PADDING = 29;
const TIME_EXTEND = 30;
const COMMITTED = 0x07ff_ffff;

const CPU = utf8('CPU:');
const START = utf8(' [SUBBUFFER START]');
const LABELS = [utf8('\n PADDING: '), utf8('\n TIME EXTEND: '), utf8('\n TIME STAMP: ')];
const DELTA = utf8('delta:');
const TIMESTAMP = utf8('timestamp:');
const LENGTH = utf8(' length:');
const OPEN = utf8(' [');
const COLON_HEX = utf8(':0x');

/** Where the sub-buffer of a CPU's current event begins, as trace-cmd counts file offsets. */
export type SubBufferOffset = (cpu: number) => number;

/**
 * `--boundary`: tells where sub-buffers start. With `offsetOf`, as `--debug` has it, also where they and their events
 * lie, and what lies between events.
 */
export class SubBufferNotes {
  readonly #layout: SubBufferLayout;
  readonly #offsetOf: SubBufferOffset | undefined;
  readonly #time = new U64();

  constructor(layout: SubBufferLayout, offsetOf: SubBufferOffset | undefined) {
    this.#layout = layout;
    this.#offsetOf = offsetOf;
  }

  /** `CPU:0 [SUBBUFFER START]` in front of the first event of a sub-buffer. */
  writeBefore(out: ByteWriter, record: PlacedRecord): void {
    if (this.#headerOffset(record) !== this.#firstEvent(record)) return;
    out.bytes(CPU);
    out.decimal(record.cpu);
    out.bytes(START);
    if (this.#offsetOf !== undefined) {
      const { littleEndian } = this.#layout;
      const first = record.view.getUint32(record.subBuffer, littleEndian);
      const second = record.view.getUint32(record.subBuffer + 4, littleEndian);
      if (littleEndian) this.#time.set(second, first);
      else this.#time.set(first, second);
      out.bytes(OPEN);
      out.decimalI64(this.#time);
      out.bytes(COLON_HEX);
      out.text(`${this.#offsetOf(record.cpu).toString(16)}]`);
    }
    out.text('\n');
  }

  /** ` [DELTA:0xOFFSET:SIZE]` behind an event, and the entries that follow it and are none. */
  writeAfter(out: ByteWriter, record: PlacedRecord): void {
    if (this.#offsetOf === undefined) return;
    const header = this.#headerOffset(record);
    const { delta } = this.#entry(record, header);
    out.text(` [${delta}:0x${(header - record.subBuffer).toString(16)}:${record.end - record.start}]`);
    const end = this.#end(record);
    for (let at = record.end; at + 4 <= end; ) {
      const entry = this.#entry(record, at);
      if (entry.type < PADDING) break;
      this.#writeEntry(out, entry);
      at = entry.next;
    }
  }

  #writeEntry(out: ByteWriter, { type, delta, word }: Entry): void {
    out.bytes(LABELS[type - PADDING] as Uint8Array);
    const isPadding = type === PADDING;
    // Behind an extend and in a stamp, the word holds the bits above the 27 of the header.
    this.#time.setBigInt(isPadding ? BigInt(delta) : (BigInt(word) << 27n) + BigInt(delta));
    out.bytes(type <= TIME_EXTEND ? DELTA : TIMESTAMP);
    out.decimalU64(this.#time);
    out.bytes(LENGTH);
    out.decimal(isPadding ? word : 0);
  }

  /** Offset of an event's own header: 4 bytes before its data, or 8 where its length has a word of its own. */
  #headerOffset(record: PlacedRecord): number {
    const { start, end, subBuffer } = record;
    const short = start - 4;
    if (short < subBuffer + this.#layout.dataOffset) return short;
    return this.#entry(record, short).type * 4 === end - start ? short : start - 8;
  }

  /** Offset of the header of the first event in a record's sub-buffer. */
  #firstEvent(record: PlacedRecord): number {
    let at = record.subBuffer + this.#layout.dataOffset;
    const end = this.#end(record);
    while (at + 4 <= end) {
      const { type, next } = this.#entry(record, at);
      if (type < PADDING) break;
      at = next;
    }
    return at;
  }

  /** Where the committed entries of a record's sub-buffer end. */
  #end(record: PlacedRecord): number {
    const { littleEndian, commitSize, dataOffset, size } = this.#layout;
    const commitAt = record.subBuffer + 8 + (commitSize === 8 && !littleEndian ? 4 : 0);
    const committed = record.view.getUint32(commitAt, littleEndian) & COMMITTED;
    return Math.min(record.subBuffer + Math.min(dataOffset + committed, size), record.bytes.length);
  }

  #entry({ view }: PlacedRecord, at: number): Entry {
    const { littleEndian } = this.#layout;
    const header = view.getUint32(at, littleEndian);
    const type = littleEndian ? header & 31 : header >>> 27;
    const delta = littleEndian ? header >>> 5 : header & COMMITTED;
    const word = at + 8 <= view.byteLength ? view.getUint32(at + 4, littleEndian) : 0;
    return { type, delta, word, next: at + (type === PADDING ? 4 + Math.max(4, word) : 8) };
  }
}

/** One entry of a sub-buffer, by its header and the word behind it. */
interface Entry {
  readonly type: number;
  readonly delta: number;
  readonly word: number;
  /** Where the next entry begins; of entries that hold no event. */
  readonly next: number;
}
