import type { EventRecord } from '../../../src/format/record.ts';
import type { EventSieve, PlacedRecord } from '../../../src/ring-buffer/record-cursor.ts';
import type { RawRange } from '../../../src/timeline/raw-range.ts';
import type { PlacedCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { STREAM_RECORD, type StreamState } from '../../../src/trace-file/stream-types.ts';
import { SubBufferIndex } from './sub-buffer-index.ts';

/** A stream that notes where each sub-buffer begins, and with which event. */
export class NotingStream implements PlacedCpuStream {
  readonly cpu: number;
  readonly record: PlacedRecord;
  readonly index = new SubBufferIndex();
  readonly #stream: PlacedCpuStream;
  readonly #range: RawRange | undefined;
  #event = 0;
  #position = -1;

  /** @param range what is out of it does not count */
  constructor(stream: PlacedCpuStream, range: RawRange | undefined) {
    this.cpu = stream.cpu;
    this.record = stream.record;
    this.#stream = stream;
    this.#range = range;
  }

  advance(sieve?: EventSieve): StreamState {
    const state = this.#stream.advance(sieve);
    if (state === STREAM_RECORD) this.#note();
    return state;
  }

  #note(): void {
    const { record } = this;
    if (this.#range?.holds(record.tsHi, record.tsLo) === false) return;
    const position = this.#stream.subBufferPosition;
    if (position !== this.#position) {
      this.#position = position;
      this.index.add(position, this.#event, record.tsHi, record.tsLo);
    }
    this.#event++;
  }

  get passed(): number {
    return this.#stream.passed;
  }

  get passedHi(): number {
    return this.#stream.passedHi;
  }

  get passedLo(): number {
    return this.#stream.passedLo;
  }

  get warnings(): readonly string[] {
    return this.#stream.warnings;
  }

  get subBufferPosition(): number {
    return this.#stream.subBufferPosition;
  }

  load(): Promise<void> {
    return this.#stream.load();
  }

  count(): Promise<number> {
    return this.#stream.count();
  }

  peek(): EventRecord | undefined {
    return this.#stream.peek();
  }

  seek(time: bigint): Promise<void> {
    return this.#stream.seek(time);
  }

  firstTime(): Promise<bigint | undefined> {
    return this.#stream.firstTime();
  }

  lastTime(): Promise<bigint | undefined> {
    return this.#stream.lastTime();
  }
}
