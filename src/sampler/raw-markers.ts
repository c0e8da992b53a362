import { closeSync, constants, readSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fsError } from '../kernel/os-error.ts';
import { writeMarker } from '../kernel/sampling-calls.ts';
import { threadId } from '../kernel/thread-id.ts';
import { SubBufferCursor } from '../ring-buffer/record-cursor.ts';
import type { Stamper } from '../sync/types.ts';
import { limitEvent, openAt } from './event-switches.ts';
import type { MarkerInstance } from './marker-instance.ts';

/** A marker is laid out as trace-cmd's: u32 series, u32 local id, u32 remote id, u32 count, u32 packet id. */
const MARKER_SIZE = 20;
const COUNT_AT = 12;
const PACKET_AT = 16;
const PACKET = 0x72; // 'r'
/** The event: the common fields, of which the first 16 bits are its type, then the marker. */
const MARKER_AT = 8;

/**
 * Stamps of a trace clock: markers written into the buffer of an instance that nobody else writes to, and read back
 * when there is time. A marker that the buffer lost is a missing stamp.
 */
export class RawMarkers implements Stamper {
  /** Is shown what else is in the buffers, and the first event behind what they lost, as they are read. */
  onOther: ((record: SubBufferCursor) => void) | undefined;
  readonly #instance: MarkerInstance;
  readonly #path: string;
  readonly #fd: number;
  readonly #pipes: readonly { readonly fd: number; readonly cursor: SubBufferCursor }[];
  readonly #subBuffer: Uint8Array;
  readonly #marker = new Uint8Array(new ArrayBuffer(MARKER_SIZE));
  readonly #fields = new DataView(this.#marker.buffer);
  #series = 0;
  #stamps = new BigUint64Array(0);
  #wakings = new BigUint64Array(0);
  /** All of this series, as they were read. */
  readonly #woken: bigint[] = [];

  constructor(instance: MarkerInstance) {
    this.#instance = instance;
    this.#path = join(instance.path, 'trace_marker_raw');
    this.#subBuffer = new Uint8Array(instance.layout.size);
    const fds: number[] = [];
    try {
      const open = (path: string, flags: number): number => {
        const fd = openAt(path, flags);
        fds.push(fd);
        return fd;
      };
      this.#fd = open(this.#path, constants.O_WRONLY);
      this.#pipes = instance.cpus.map((cpu) => ({
        fd: open(
          join(instance.path, 'per_cpu', `cpu${cpu}`, 'trace_pipe_raw'),
          constants.O_RDONLY | constants.O_NONBLOCK,
        ),
        cursor: new SubBufferCursor(instance.layout, cpu),
      }));
      if (instance.wakingId !== undefined) watchWakings(join(instance.path, 'events/sched/sched_waking'));
    } catch (error) {
      for (const fd of fds) closeSync(fd);
      throw error;
    }
    this.#set(PACKET_AT, PACKET);
  }

  begin(slots: number): void {
    this.#series++;
    this.#set(0, this.#series);
    if (this.#stamps.length < slots) {
      this.#stamps = new BigUint64Array(slots);
      this.#wakings = new BigUint64Array(slots);
    }
    this.#stamps.fill(0n);
  }

  mark(slot: number): void {
    this.#set(COUNT_AT, slot + 1);
    writeMarker(this.#fd, this.#marker, this.#path);
  }

  #set(at: number, value: number): void {
    this.#fields.setUint32(at, value, this.#instance.layout.littleEndian);
  }

  read(): BigUint64Array {
    this.#woken.length = 0;
    for (const { fd, cursor } of this.#pipes) {
      for (;;) {
        const length = readNow(fd, this.#subBuffer, this.#path);
        if (length === 0) break;
        cursor.load(this.#subBuffer, 0, length);
        while (cursor.next()) this.#take(cursor);
      }
    }
    this.#assignWakings();
    return this.#stamps;
  }

  wakings(): BigUint64Array {
    return this.#wakings;
  }

  /** Twice between two marks may be for something else than what was received. */
  #assignWakings(): void {
    this.#wakings.fill(0n);
    const woken = this.#woken.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
    let next = 0;
    for (let slot = 1; slot < this.#stamps.length; slot++) {
      const [before, own] = [this.#stamps[slot - 1] as bigint, this.#stamps[slot] as bigint];
      if (before === 0n || own === 0n) continue;
      while (next < woken.length && (woken[next] as bigint) < before) next++;
      const [first, second] = [woken[next], woken[next + 1]];
      if (first === undefined || first >= own || (second !== undefined && second < own)) continue;
      this.#wakings[slot] = first;
    }
  }

  #take(record: SubBufferCursor): void {
    const { view, start, end, tsHi, tsLo, missed } = record;
    const { eventId, wakingId, layout } = this.#instance;
    const type = end - start >= 2 ? view.getUint16(start, layout.littleEndian) : -1;
    if (type === wakingId) this.#woken.push((BigInt(tsHi) << 32n) | BigInt(tsLo));
    if (missed !== 0 || (type !== wakingId && type !== eventId)) this.onOther?.(record);
    if (type !== eventId || end - start < MARKER_AT + MARKER_SIZE) return;
    const marker = start + MARKER_AT;
    const count = view.getUint32(marker + COUNT_AT, layout.littleEndian);
    // Markers of an earlier series are left over from a measurement that failed.
    if (view.getUint32(marker, layout.littleEndian) !== this.#series || count > this.#stamps.length) return;
    this.#stamps[count - 1] = (BigInt(tsHi) << 32n) | BigInt(tsLo);
  }

  /** Only now can the instance be removed. */
  close(): void {
    for (const { fd } of this.#pipes) closeSync(fd);
    closeSync(this.#fd);
  }
}

/** Has the kernel record when it wakes the calling thread. */
function watchWakings(event: string): void {
  limitEvent(event, `pid == ${threadId()}`);
  try {
    writeFileSync(join(event, 'enable'), '1');
  } catch (error) {
    throw fsError(error, event, 'can not be written');
  }
}

/** Bytes of at most one sub-buffer; 0 where there is nothing, or no such CPU yet. */
function readNow(fd: number, bytes: Uint8Array, path: string): number {
  try {
    return readSync(fd, bytes);
  } catch (error) {
    if (['EAGAIN', 'ENODEV'].includes((error as NodeJS.ErrnoException).code ?? '')) return 0;
    throw fsError(error, path, 'its markers can not be read back');
  }
}
