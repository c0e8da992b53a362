import { compareHalves, ZERO_HALF } from '../base/u64.ts';
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

/** An event, and where its sub-buffer is. */
export interface PlacedRecord extends EventRecord {
  /** Offset of the sub-buffer in `bytes`. */
  readonly subBuffer: number;
}

/** Which events a walk stops at. For records that begin with their id, as those of all kernels do. */
export interface EventSieve {
  /**
   * Marks, by event id, what need not be looked at; one entry for each of the 2^16 ids. More may be marked at any time.
   * An event that others were lost before counts as not marked.
   */
  readonly unwanted: Uint8Array;
  /** Whether an event that is not marked passes. Asked once for each, in order; undefined: they all do. */
  readonly accepts?: ((record: EventRecord) => boolean) | undefined;
}

/**
 * Walks the events of sub-buffers in memory, one after the other, raw kernel stamps in tsHi/tsLo.
 * The cursor is the record: its fields describe the event it stands on until the next `next()`.
 */
export interface RecordCursor extends PlacedRecord {
  /**
   * Starts over on the sub-buffers in bytes[from..to). A partial one at the end is walked as far as it goes.
   * The time carries over, so that absolute stamps keep their upper bits.
   */
  load(bytes: Uint8Array, from: number, to: number): void;
  /** Steps to the next event. False at the end of what was loaded. */
  next(): boolean;
  /** Steps to the next event that passes a sieve. False as above. */
  nextThrough(sieve: EventSieve): boolean;
  /** Goes to the end of what was loaded, and returns how many events that were. Their stamps are not looked at. */
  countRest(): number;
  /** How many events `nextThrough` passed over so far, and the latest stamp of any of them. */
  readonly passed: number;
  readonly passedHi: number;
  readonly passedLo: number;
}

/** type_len of an event header: 1..28 is the data's length in words, these are the rest. */
const LONG_DATA = 0;
const LONGEST_SHORT_DATA = 28;
const PADDING = 29;
const TIME_EXTEND = 30;

/** Flags in the commit word's lower half; the rest of it is the number of bytes committed. */
const EVENTS_LOST = 0x8000_0000;
const LOST_COUNT_STORED = 0x4000_0000;
const COMMITTED = 0x07ff_ffff;

const TWO_32 = 0x1_0000_0000;
/** A time stamp's upper half has 27 bits in a time extend; the upper 5 bits of 64 are not in an absolute stamp. */
const ABSOLUTE_HI = 0x07ff_ffff;

/** The one implementation: fields in halves and a DataView measured fastest, about 10 ns an event. */
export class SubBufferCursor implements RecordCursor {
  readonly cpu: number;
  bytes: Uint8Array = new Uint8Array(0);
  view: DataView = new DataView(new ArrayBuffer(0));
  start = 0;
  end = 0;
  tsHi = 0;
  tsLo = ZERO_HALF;
  missed = 0;
  passed = 0;
  passedHi = 0;
  passedLo = ZERO_HALF;
  /** Sub-buffers that were left early, or not entered, because a length in them is impossible. */
  corrupt = 0;

  readonly #littleEndian: boolean;
  readonly #layout: SubBufferLayout;
  /** Where the next event header is, and where the current sub-buffer's readable events end. */
  #at = 0;
  #limit = 0;
  /** Offset of the next sub-buffer, and of the end of what was loaded. */
  #nextSubBuffer = 0;
  #to = 0;
  /** Events lost before the sub-buffer, until its first event has taken them over. */
  #lost = 0;
  /** The current sub-buffer's committed bytes reach beyond what was loaded: its last event may be cut. */
  #cut = false;

  constructor(layout: SubBufferLayout, cpu: number) {
    this.#layout = layout;
    this.#littleEndian = layout.littleEndian;
    this.cpu = cpu;
  }

  get subBuffer(): number {
    return this.#nextSubBuffer - this.#layout.size;
  }

  load(bytes: Uint8Array, from: number, to: number): void {
    if (bytes !== this.bytes) {
      this.bytes = bytes;
      this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    }
    this.#nextSubBuffer = from;
    this.#to = Math.min(to, bytes.length);
    this.#at = 0;
    this.#limit = 0;
    this.#lost = 0;
  }

  /** Stands where another cursor of the same layout stands; the two then move independently. */
  copyFrom(other: SubBufferCursor): void {
    this.bytes = other.bytes;
    this.view = other.view;
    this.start = other.start;
    this.end = other.end;
    this.tsHi = other.tsHi;
    this.tsLo = other.tsLo;
    this.missed = other.missed;
    this.#at = other.#at;
    this.#limit = other.#limit;
    this.#nextSubBuffer = other.#nextSubBuffer;
    this.#to = other.#to;
    this.#lost = other.#lost;
    this.#cut = other.#cut;
  }

  next(): boolean {
    const view = this.view;
    const littleEndian = this.#littleEndian;
    let at = this.#at;
    let lo = this.tsLo;
    for (;;) {
      if (at + 4 > this.#limit) {
        if (at < this.#limit) this.#leaveSubBuffer();
        if (!this.#enterSubBuffer()) return false;
        at = this.#at;
        lo = this.tsLo;
        continue;
      }
      const header = view.getUint32(at, littleEndian);
      const typeLen = littleEndian ? header & 31 : header >>> 27;
      const delta = littleEndian ? header >>> 5 : header & 0x07ff_ffff;
      lo += delta;
      if (lo >= TWO_32) {
        lo -= TWO_32;
        this.tsHi = (this.tsHi + 1) >>> 0;
      }
      if ((typeLen - 1) >>> 0 < LONGEST_SHORT_DATA) {
        const end = at + 4 + typeLen * 4;
        if (end > this.#limit) {
          at = this.#leaveSubBuffer();
          continue;
        }
        this.tsLo = lo;
        this.start = at + 4;
        this.end = end;
        this.#at = end;
        this.missed = this.#lost;
        this.#lost = 0;
        return true;
      }
      if (at + 8 > this.#limit) {
        at = this.#leaveSubBuffer();
        continue;
      }
      const word = view.getUint32(at + 4, littleEndian);
      if (typeLen === TIME_EXTEND) {
        // word * 2^27, in halves: 27 bits of `word` go up, 5 stay in the lower half.
        lo += (word & 31) * 0x800_0000;
        this.tsHi = (this.tsHi + (word >>> 5) + (lo >= TWO_32 ? 1 : 0)) >>> 0;
        lo >>>= 0;
        at += 8;
      } else if (typeLen === LONG_DATA) {
        // The length counts its own word; data is padded to whole words.
        const end = at + 4 + 4 * Math.ceil(word / 4);
        if (word < 4 || end > this.#limit) {
          at = this.#leaveSubBuffer();
          continue;
        }
        this.tsLo = lo;
        this.start = at + 8;
        this.end = end;
        this.#at = end;
        this.missed = this.#lost;
        this.#lost = 0;
        return true;
      } else if (typeLen === PADDING) {
        if ((word & 3) !== 0) at = this.#leaveSubBuffer();
        else at = Math.min(at + 4 + word, this.#limit);
      } else {
        lo = this.#absoluteTime(lo, delta, word);
        at += 8;
      }
    }
  }

  nextThrough(sieve: EventSieve): boolean {
    for (;;) {
      if (this.#siftRun(sieve)) return true;
      if (!this.next()) return false;
      const { start, end } = this;
      const mayBeMarked = this.missed === 0 && start < end;
      const isMarked = mayBeMarked && sieve.unwanted[this.view.getUint16(start, this.#littleEndian)] !== 0;
      if (!isMarked && (sieve.accepts === undefined || sieve.accepts(this))) return true;
      this.#passOver(1, 0);
    }
  }

  countRest(): number {
    let count = this.#countRun();
    while (this.next()) count += 1 + this.#countRun();
    return count;
  }

  /** The events that follow in this sub-buffer, up to anything that is not an event with short data. */
  #countRun(): number {
    const view = this.view;
    const littleEndian = this.#littleEndian;
    const limit = this.#limit;
    let at = this.#at;
    let count = 0;
    while (at + 4 <= limit) {
      const header = view.getUint32(at, littleEndian);
      const words = littleEndian ? header & 31 : header >>> 27;
      const end = at + 4 + words * 4;
      if ((words - 1) >>> 0 >= LONGEST_SHORT_DATA || end > limit) break;
      at = end;
      count++;
    }
    this.#at = at;
    return count;
  }

  /**
   * Goes through the events that follow in this sub-buffer, up to one that passes (true) or to anything that is not an
   * event with short data: `next` takes it from there. Most events of a filtered report are seen by this loop only.
   */
  #siftRun({ unwanted, accepts }: EventSieve): boolean {
    const view = this.view;
    const littleEndian = this.#littleEndian;
    const limit = this.#limit;
    let at = this.#at;
    let passed = 0;
    // The deltas of a whole sub-buffer stay far below 2^53 together.
    let elapsed = 0;
    while (at + 8 <= limit) {
      const header = view.getUint32(at, littleEndian);
      const words = littleEndian ? header & 31 : header >>> 27;
      const end = at + 4 + words * 4;
      if ((words - 1) >>> 0 >= LONGEST_SHORT_DATA || end > limit) break;
      const delta = littleEndian ? header >>> 5 : header & 0x07ff_ffff;
      if (unwanted[view.getUint16(at + 4, littleEndian)] === 0) {
        this.#passOver(passed, elapsed);
        this.#passTime(delta);
        this.start = at + 4;
        this.end = end;
        this.missed = 0;
        this.#at = end;
        if (accepts === undefined || accepts(this)) return true;
        passed = 1;
        elapsed = 0;
      } else {
        passed++;
        elapsed += delta;
      }
      at = end;
    }
    this.#at = at;
    this.#passOver(passed, elapsed);
    return false;
  }

  #passTime(elapsed: number): void {
    const lo = this.tsLo + elapsed;
    if (lo >= TWO_32) this.tsHi = (this.tsHi + Math.floor(lo / TWO_32)) >>> 0;
    this.tsLo = lo >= TWO_32 ? lo % TWO_32 : lo;
  }

  /** Takes note of `count` events passed over, the last of which came `elapsed` after the current time. */
  #passOver(count: number, elapsed: number): void {
    if (count === 0) return;
    this.#passTime(elapsed);
    this.passed += count;
    const { tsHi, tsLo } = this;
    if (compareHalves(tsHi, tsLo, this.passedHi, this.passedLo) <= 0) return;
    this.passedHi = tsHi;
    this.passedLo = tsLo;
  }

  /**
   * An absolute stamp holds 59 bits; the upper 5 are those of the time before it. Where the 59 bits wrapped in
   * between, the result lies almost 2^59 back, and the upper bits count one up.
   * `lo` is the lower half of the time before, delta already added. Sets tsHi, returns the new lower half.
   */
  #absoluteTime(lo: number, delta: number, word: number): number {
    const beforeLo = (lo - delta) >>> 0;
    const beforeHi = beforeLo > lo ? (this.tsHi - 1) >>> 0 : this.tsHi;
    const newLo = (word & 31) * 0x800_0000 + delta; // the 59 bits together would not be exact in a number
    let newHi = (word >>> 5) + ((beforeHi & ~ABSOLUTE_HI) >>> 0);
    const back = beforeHi - newHi - (beforeLo < newLo ? 1 : 0);
    if (back >= 0x0400_0000) newHi += 0x0800_0000;
    this.tsHi = newHi >>> 0;
    return newLo;
  }

  /** Gives up the rest of the current sub-buffer. Returns where its events end, so that the next one is entered. */
  #leaveSubBuffer(): number {
    if (!this.#cut) this.corrupt++;
    this.#at = this.#limit;
    return this.#limit;
  }

  /** Reads the header of the next sub-buffer that has events. False at the end of what was loaded. */
  #enterSubBuffer(): boolean {
    const { dataOffset, commitSize, size } = this.#layout;
    const view = this.view;
    for (let at = this.#nextSubBuffer; at + dataOffset <= this.#to; at += size) {
      const commitAt = at + 8 + (commitSize === 8 && !this.#littleEndian ? 4 : 0);
      const commit = view.getUint32(commitAt, this.#littleEndian);
      const committed = commit & COMMITTED;
      if (committed === 0) continue;
      if (committed > size - dataOffset) {
        this.corrupt++;
        continue;
      }
      const end = at + dataOffset + committed;
      this.tsHi = view.getUint32(this.#littleEndian ? at + 4 : at, this.#littleEndian);
      this.tsLo = view.getUint32(this.#littleEndian ? at : at + 4, this.#littleEndian);
      this.#lost = commit < EVENTS_LOST ? 0 : (commit & LOST_COUNT_STORED) === 0 ? -1 : this.#lostCount(end, at + size);
      this.#at = at + dataOffset;
      this.#limit = Math.min(end, this.#to);
      this.#cut = end > this.#to;
      this.#nextSubBuffer = at + size;
      return true;
    }
    this.#nextSubBuffer = this.#to;
    this.#at = this.#limit;
    return false;
  }

  /** The number of lost events, a long right behind the committed bytes; -1 where it does not fit. */
  #lostCount(at: number, subBufferEnd: number): number {
    const { commitSize } = this.#layout;
    if (at + commitSize > Math.min(subBufferEnd, this.#to)) return -1;
    if (commitSize === 4) return this.view.getUint32(at, this.#littleEndian);
    const count = this.view.getBigUint64(at, this.#littleEndian);
    return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : -1;
  }
}
