const encoder = new TextEncoder();

/** Appends numbers in one byte order, strings and bytes; the writing twin of a file reader, for tests. */
export class ByteBuilder {
  readonly littleEndian: boolean;
  #bytes = new Uint8Array(256);
  #length = 0;

  constructor(littleEndian: boolean) {
    this.littleEndian = littleEndian;
  }

  get length(): number {
    return this.#length;
  }

  /** A copy of everything so far. */
  take(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  /** Makes room for `count` bytes, zeroed, and returns a view of them. */
  #append(count: number): DataView {
    const needed = this.#length + count;
    if (needed > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(needed, 2 * this.#bytes.length));
      grown.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = grown;
    }
    const view = new DataView(this.#bytes.buffer, this.#length, count);
    this.#length = needed;
    return view;
  }

  u8(value: number): this {
    this.#append(1).setUint8(0, value);
    return this;
  }

  u16(value: number): this {
    this.#append(2).setUint16(0, value, this.littleEndian);
    return this;
  }

  /** Also takes negative numbers, as two's complement. */
  u32(value: number): this {
    this.#append(4).setUint32(0, value, this.littleEndian);
    return this;
  }

  /** Also takes negative numbers, as two's complement. */
  u64(value: number | bigint): this {
    this.#append(8).setBigUint64(0, BigInt.asUintN(64, BigInt(value)), this.littleEndian);
    return this;
  }

  /** An unsigned number of 4 or 8 bytes. */
  long(value: number | bigint, size: 4 | 8): this {
    return size === 4 ? this.u32(Number(value)) : this.u64(value);
  }

  bytes(source: Uint8Array): this {
    const view = this.#append(source.length);
    new Uint8Array(view.buffer, view.byteOffset, source.length).set(source);
    return this;
  }

  /** UTF-8, without a NUL. */
  text(value: string): this {
    return this.bytes(encoder.encode(value));
  }

  /** UTF-8 and a NUL. */
  cString(value: string): this {
    return this.text(value).u8(0);
  }

  zeros(count: number): this {
    this.#append(count);
    return this;
  }

  /** Zeros up to a multiple of `unit`. */
  align(unit: number): this {
    return this.zeros((unit - (this.#length % unit)) % unit);
  }

  /** Overwrites 8 bytes that were written before. */
  patch64(at: number, value: number | bigint): void {
    new DataView(this.#bytes.buffer).setBigUint64(at, BigInt(value), this.littleEndian);
  }
}
