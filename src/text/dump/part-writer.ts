import type { ByteWriter } from '../../base/byte-writer.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
import type { DumpPart } from './parts.ts';

/** A piece of a line: text, a number in decimal, or bytes of the file, copied unchanged. */
export type Piece = string | number | bigint | Uint8Array;

/** trace-cmd prints a stored text as C strings of this many bytes: what follows a NUL in one of them is not shown. */
const TEXT_CHUNK = 1023;
const TEXT_RUN = 64 * TEXT_CHUNK;

/** Writes what belongs to one of the parts that were asked for, and drops the rest. */
export class PartWriter {
  readonly #out: ByteWriter;
  readonly #wanted: ReadonlySet<DumpPart>;
  /** Hands on what was written so far; called between pieces of any size. */
  readonly drain: () => Promise<void>;

  constructor(out: ByteWriter, wanted: ReadonlySet<DumpPart>, drain: () => Promise<void>) {
    this.#out = out;
    this.#wanted = wanted;
    this.drain = drain;
  }

  wants(parts: readonly DumpPart[]): boolean {
    return parts.some((part) => this.#wanted.has(part));
  }

  write(parts: readonly DumpPart[], ...pieces: Piece[]): void {
    if (!this.wants(parts)) return;
    for (const piece of pieces) {
      if (piece instanceof Uint8Array) this.#out.bytes(piece);
      else this.#out.text(String(piece));
    }
  }

  /** Copies a text, the next `size` bytes of the file: whatever is there of them, before a TandemError says so. */
  async copyText(parts: readonly DumpPart[], reader: SourceReader, size: number): Promise<void> {
    if (!this.wants(parts)) {
      reader.skip(size);
      return;
    }
    let rest = Math.min(size, reader.remaining);
    const missing = size - rest;
    for (; rest > 0; rest -= TEXT_RUN) {
      const text = await reader.bytes(Math.min(rest, TEXT_RUN));
      for (let at = 0; at < text.length; at += TEXT_CHUNK) this.#out.cString(text, at, TEXT_CHUNK);
      await this.drain();
    }
    reader.skip(missing);
  }
}

/** A 64-bit value as trace ids are shown: in capital hex digits. */
export const capitalHex = (value: bigint): string => `0x${value.toString(16).toUpperCase()}`;

/** The bits of an unsigned 64-bit value as a signed one. */
export const signed64 = (value: bigint): bigint => BigInt.asIntN(64, value);
