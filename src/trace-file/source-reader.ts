import { type ByteSource, memorySource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import { at } from './ids.ts';

/** What is read at once: the first time, and at most, where one block follows another. */
const BLOCK = 1 << 14;
const LARGEST_BLOCK = 1 << 20;
const decoder = new TextDecoder();

/**
 * Reads numbers, strings and runs of bytes one after the other from a part of a source, in the file's byte order.
 * Nothing is read beyond `end`; what would go there throws a TandemError (TRUNCATED) that names `subject`.
 */
export class SourceReader {
  readonly #source: ByteSource;
  readonly littleEndian: boolean;
  readonly #end: number;
  /** What is being read, for messages: may change as the reader goes on. */
  subject: string;
  #position: number;
  #block: DataView = new DataView(new ArrayBuffer(0));
  #blockStart = 0;
  #blockSize = BLOCK;
  #where = at;

  constructor(source: ByteSource, littleEndian: boolean, subject: string, start = 0, end = source.size) {
    this.#source = source;
    this.littleEndian = littleEndian;
    this.subject = subject;
    this.#position = start;
    this.#end = Math.min(end, source.size);
  }

  /** Reads content that is in memory already, decompressed: positions count from its start. */
  static over(content: Uint8Array, littleEndian: boolean, subject: string): SourceReader {
    const reader = new SourceReader(memorySource(subject, content), littleEndian, subject);
    reader.#where = (position) => `byte ${position} of its content`;
    return reader;
  }

  /** File offset of what is read next. */
  get position(): number {
    return this.#position;
  }

  get remaining(): number {
    return this.#end - this.#position;
  }

  #require(count: number): void {
    if (count <= this.remaining) return;
    const missing = count - this.remaining;
    throw new TandemError('TRUNCATED', this.subject, `ends ${missing} bytes early at ${this.#where(this.#end)}`);
  }

  /** Passes over the next `count` bytes; returns where in the block they are. A promise only where they are not yet. */
  #take(count: number): number | Promise<number> {
    const offset = this.#position - this.#blockStart;
    const isHeld = offset >= 0 && offset + count <= this.#block.byteLength && count <= this.remaining;
    if (!isHeld) return this.#fetch(count);
    this.#position += count;
    return offset;
  }

  /** Reads on, so that the next `count` bytes are at the start of the block, and passes over them. */
  async #fetch(count: number): Promise<number> {
    this.#require(count);
    const offset = this.#position - this.#blockStart;
    const goesOn = offset > 0 && offset <= this.#block.byteLength;
    this.#blockSize = goesOn ? Math.min(2 * this.#blockSize, LARGEST_BLOCK) : BLOCK;
    const size = Math.min(Math.max(this.#blockSize, count), this.remaining);
    const bytes = await this.#source.read(this.#position, size);
    if (bytes.length < count) throw new TandemError('IO', this.#source.name, 'has become shorter while it was read');
    this.#block = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#blockStart = this.#position;
    this.#position += count;
    return 0;
  }

  async u8(): Promise<number> {
    const offset = await this.#take(1);
    return this.#block.getUint8(offset);
  }

  async u16(): Promise<number> {
    const offset = await this.#take(2);
    return this.#block.getUint16(offset, this.littleEndian);
  }

  async u32(): Promise<number> {
    const offset = await this.#take(4);
    return this.#block.getUint32(offset, this.littleEndian);
  }

  /** A 64-bit size or offset. Beyond 2^53 it is no number of bytes: what follows would be missing anyway. */
  async u64(): Promise<number> {
    const offset = await this.#take(8);
    return Number(this.#block.getBigUint64(offset, this.littleEndian));
  }

  /** A 64-bit value of which every bit counts. */
  async exactU64(): Promise<bigint> {
    const offset = await this.#take(8);
    return this.#block.getBigUint64(offset, this.littleEndian);
  }

  /** `count` bytes, which are the caller's. */
  async bytes(count: number): Promise<Uint8Array> {
    const offset = await this.#take(count);
    const { buffer, byteOffset } = this.#block;
    return new Uint8Array(buffer, byteOffset + offset, count);
  }

  /** A string up to its NUL, which is passed over; at most `longest` bytes. */
  async cString(longest = 4096): Promise<string> {
    return decoder.decode(await this.stringBytes(longest));
  }

  /** The bytes of a `cString`, as stored. */
  async stringBytes(longest = 4096): Promise<Uint8Array> {
    const bytes: number[] = [];
    while (bytes.length <= longest) {
      const byte = await this.u8();
      if (byte === 0) return Uint8Array.from(bytes);
      bytes.push(byte);
    }
    throw new TandemError(
      'CORRUPT',
      this.subject,
      `no end of a string within ${longest} bytes, at ${this.#where(this.#position)}`,
    );
  }

  skip(count: number): void {
    this.#require(count);
    this.#position += count;
  }

  /** Passes over the next `count` bytes and returns a reader of them. */
  part(count: number, subject: string): SourceReader {
    const start = this.#position;
    this.skip(count);
    return new SourceReader(this.#source, this.littleEndian, subject, start, start + count);
  }
}
