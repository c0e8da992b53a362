import { TandemError } from '../../../src/base/errors.ts';
import type { EventRecord } from '../../../src/format/record.ts';
import type { PlacedRecord } from '../../../src/ring-buffer/record-cursor.ts';
import type { RawRange } from '../../../src/timeline/raw-range.ts';
import type { PlacedCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { STREAM_END, STREAM_RECORD } from '../../../src/trace-file/stream-types.ts';
import type { Lane } from './lane.ts';
import type { SubBufferIndex } from './sub-buffer-index.ts';

/** So many sub-buffers are rather walked through than sought. */
const NEAR = 8;

/** Reads single events of a lane from its file: fast when they are asked for in ascending order. */
export class LaneReader {
  readonly lane: Lane;
  #stream: PlacedCpuStream | undefined;
  #range: RawRange | undefined;
  /** The event that the stream stands on, and its sub-buffer in the index. */
  #event = -1;
  #subBuffer = 0;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** The event at a place of the lane; valid until the next one is read. */
  async read(event: number): Promise<PlacedRecord> {
    const index = await this.lane.index();
    const wanted = index.holding(event);
    if (wanted < 0) throw this.#gone(event);
    this.#stream ??= this.#open();
    const isNear = this.#event >= 0 && this.#event <= event && wanted - this.#subBuffer <= NEAR;
    if (!isNear && !(await this.#seek(index, index.stampOf(wanted), wanted))) await this.#seek(index, 0n, wanted);
    while (this.#event < event) if (!(await this.#step(index))) throw this.#gone(event);
    return this.#stream.record;
  }

  /** What follows in the lane the event that was read last. */
  peek(): EventRecord | undefined {
    return this.#stream?.peek();
  }

  #open(): PlacedCpuStream {
    this.#range = this.lane.rawRange();
    return this.lane.open();
  }

  /** Stands on the first event of a sub-buffer that is not after the wanted one; false where there is none. */
  async #seek(index: SubBufferIndex, stamp: bigint, wanted: number): Promise<boolean> {
    const stream = this.#stream as PlacedCpuStream;
    await stream.seek(stamp);
    this.#event = -1;
    for (;;) {
      if (!(await this.#advance())) return false;
      const found = index.at(stream.subBufferPosition);
      if (found > wanted) return false;
      if (found < 0 || !this.#counts()) continue;
      this.#subBuffer = found;
      this.#event = index.firstOf(found);
      return true;
    }
  }

  /** Goes to the next event of the lane. */
  async #step(index: SubBufferIndex): Promise<boolean> {
    do if (!(await this.#advance())) return false;
    while (!this.#counts());
    this.#event++;
    if (index.firstOf(this.#subBuffer + 1) === this.#event) this.#subBuffer++;
    return true;
  }

  async #advance(): Promise<boolean> {
    const stream = this.#stream as PlacedCpuStream;
    for (;;) {
      const state = stream.advance();
      if (state === STREAM_RECORD) return true;
      if (state === STREAM_END) return false;
      await stream.load();
    }
  }

  #counts(): boolean {
    const { tsHi, tsLo } = (this.#stream as PlacedCpuStream).record;
    return this.#range?.holds(tsHi, tsLo) !== false;
  }

  #gone(event: number): TandemError {
    const { trace, cpu } = this.lane.place;
    return new TandemError(
      'IO',
      trace.source.name,
      `event ${event} of CPU ${cpu} is not there any more`,
      'open it anew',
    );
  }
}
