import type { CpuContent, TraceSink } from '../trace-file/write/content.ts';

/** A trace file in memory: one without events. */
export class BytesSink implements TraceSink {
  #bytes: Uint8Array;
  #length = 0;

  /** `capacity`: about how many bytes it will be; it grows where it must. */
  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

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
    const bytes = new Uint8Array(data.size);
    await data.readInto(bytes, 0);
    await this.append(bytes);
  }
}
