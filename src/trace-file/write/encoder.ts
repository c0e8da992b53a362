import { utf8 } from '../../base/byte-writer.ts';

/** Binary values in a file's byte order, collected in memory. For metadata: the events never pass through here. */
export class Encoder {
  #bytes = new Uint8Array(1 << 12);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;
  readonly #littleEndian: boolean;

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian;
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of all that was written. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #reserve(count: number): number {
    const at = this.#length;
    if (at + count > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(at + count, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, at));
      this.#bytes = grown;
      this.#view = new DataView(grown.buffer);
    }
    this.#length = at + count;
    return at;
  }

  u8(value: number): this {
    const at = this.#reserve(1); // first: it may replace the view
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#reserve(2);
    this.#view.setUint16(at, value, this.#littleEndian);
    return this;
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#view.setUint32(at, value, this.#littleEndian);
    return this;
  }

  /** Takes signed values too: they are stored as two's complement. */
  u64(value: bigint | number): this {
    const at = this.#reserve(8);
    this.#view.setBigUint64(at, BigInt.asUintN(64, BigInt(value)), this.#littleEndian);
    return this;
  }

  bytes(value: Uint8Array): this {
    const at = this.#reserve(value.length);
    this.#bytes.set(value, at);
    return this;
  }

  /** A text without its NUL. */
  text(value: string): this {
    return this.bytes(utf8(value));
  }

  /** A text and its NUL. */
  string(value: string): this {
    return this.text(value).u8(0);
  }

  zeros(count: number): this {
    const at = this.#reserve(count);
    this.#bytes.fill(0, at, at + count);
    return this;
  }
}

/** The next multiple of `unit` at or after `offset`. */
export function alignUp(offset: number, unit: number): number {
  return Math.ceil(offset / unit) * unit;
}
