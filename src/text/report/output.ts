import type { ByteSink } from '../../base/byte-sink.ts';
import { ByteWriter } from '../../base/byte-writer.ts';

/** Text is handed on in pieces of this size: large enough that handing on costs nothing, small enough for caches. */
const PIECE_BYTES = 1 << 19;
/** The first piece is small, so that the first lines are seen at once. */
const FIRST_PIECE_BYTES = 1 << 13;

/** A writer in front of a sink, with two buffers: one is filled while the other is being written. */
export class ReportOutput {
  /** What to write to. Another one after each `flush`. */
  writer = new ByteWriter(2 * PIECE_BYTES);
  readonly #sink: ByteSink;
  #spare = new ByteWriter(2 * PIECE_BYTES);
  #pending: Promise<boolean> = Promise.resolve(true);
  #limit = FIRST_PIECE_BYTES;

  constructor(sink: ByteSink) {
    this.#sink = sink;
  }

  /** Enough is there for a `flush`. */
  get isFull(): boolean {
    return this.writer.length >= this.#limit;
  }

  /** Starts to write what is there, when the piece before it is written. False if nobody reads any more. */
  async flush(): Promise<boolean> {
    if (!(await this.#pending)) return false;
    const full = this.writer;
    this.#pending = this.#sink.write(full.view());
    // A failure counts where it is awaited: by the next flush.
    this.#pending.catch(() => {});
    this.writer = this.#spare;
    this.writer.clear();
    this.#spare = full;
    this.#limit = PIECE_BYTES;
    return true;
  }

  /** Writes all that is left, and waits for it. */
  async end(): Promise<boolean> {
    return (await this.flush()) && (await this.#pending);
  }
}
