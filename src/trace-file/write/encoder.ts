import { utf8 } from '../../base/byte-writer.ts';

/** Binary values in a file's byte order, collected in memory. For metadata: the events never pass through here. */
export class Encoder {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;
  readonly #littleEndian: boolean;

  /** `capacity`: how many bytes it will be, as far as that is known; it grows where it must. */
  constructor(littleEndian: boolean, capacity = 1 << 10) {
    this.#littleEndian = littleEndian;
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** All that was written, not copied: nothing is to be added any more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
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
