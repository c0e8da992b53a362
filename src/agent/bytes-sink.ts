import { type CpuContent, type TraceSink, USUAL_PAGE_SIZE } from '../trace-file/write/content.ts';

const FIRST_BYTES = 256 * USUAL_PAGE_SIZE;

/** A trace file in memory: one without events. */
export class BytesSink implements TraceSink {
  #bytes: Uint8Array = new Uint8Array(FIRST_BYTES);
  #length = 0;

  get position(): number {
    return this.#length;
  }

  /** All that was written, not copied. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  async append(bytes: Uint8Array): Promise<void> {
    const end = this.#length + bytes.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * this.#bytes.length));
      grown.set(this.bytes);
      this.#bytes = grown;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = end;
  }

  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    this.#bytes.set(bytes, offset);
  }

  async appendData(data: CpuContent): Promise<void> {
    await this.append(await data.read(0, data.size));
  }
}
