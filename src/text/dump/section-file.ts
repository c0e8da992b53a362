import { type ByteSource, memorySource } from '../../base/byte-source.ts';
import { TandemError } from '../../base/errors.ts';
import { type Codecs, decompressBlock, LARGEST_SECTION } from '../../trace-file/codecs.ts';
import { at, sectionName } from '../../trace-file/ids.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import type { PartWriter } from './part-writer.ts';
import type { DumpPart } from './parts.ts';

const COMPRESSED = 1;
const UNKNOWN = new TextEncoder().encode('Unknown');

/** The header of a section of a v7 file, as stored. */
export interface SectionHeader {
  readonly id: number;
  readonly flags: number;
  readonly compressed: boolean;
  /** Offset of the description in the strings; -1 for none. */
  readonly descriptionOffset: number;
  /** Bytes of the body, as stored. */
  readonly size: number;
  /** File offset of the header. */
  readonly offset: number;
}

/** The body of a section, decompressed. */
export interface SectionBody {
  readonly reader: SourceReader;
  /** Bytes of it. */
  readonly size: number;
}

/** A v7 file as sections that can be read from wherever an offset points. */
export class SectionFile {
  readonly #source: ByteSource;
  readonly #littleEndian: boolean;
  readonly #compression: string;
  readonly #codecs: Codecs;
  /** The strings of all STRINGS sections, in one offset space. */
  #strings = new Uint8Array(0);

  constructor(source: ByteSource, littleEndian: boolean, compression: string, codecs: Codecs) {
    this.#source = source;
    this.#littleEndian = littleEndian;
    this.#compression = compression;
    this.#codecs = codecs;
  }

  get name(): string {
    return this.#source.name;
  }

  readerAt(offset: number): SourceReader {
    return new SourceReader(this.#source, this.#littleEndian, `${this.name}: section at ${at(offset)}`, offset);
  }

  /** Reads the header of the section at the reader's position, and leaves the reader at the body. */
  async header(reader: SourceReader): Promise<SectionHeader> {
    const offset = reader.position;
    const id = await reader.u16();
    const flags = await reader.u16();
    const descriptionOffset = (await reader.u32()) | 0;
    const size = await reader.u64();
    reader.subject = `${this.name}: ${sectionName(id)} at ${at(offset)}`;
    return { id, flags, compressed: (flags & COMPRESSED) !== 0, descriptionOffset, size, offset };
  }

  /** The body that the reader stands at. Two sizes stand before a compressed one. */
  async body(section: SectionHeader, reader: SourceReader): Promise<SectionBody> {
    if (!section.compressed || this.#compression === 'none') return { reader, size: section.size };
    const packedSize = await reader.u32();
    const size = await reader.u32();
    const { subject } = reader;
    if (packedSize > LARGEST_SECTION)
      throw new TandemError('CORRUPT', subject, `claims ${packedSize} compressed bytes`);
    const packed = await reader.bytes(packedSize);
    const bytes = await decompressBlock(this.#codecs, this.#compression, packed, size, LARGEST_SECTION, subject);
    return { reader: new SourceReader(memorySource(subject, bytes), this.#littleEndian, subject), size };
  }

  get stringsSize(): number {
    return this.#strings.length;
  }

  addStrings(strings: Uint8Array): void {
    const joined = new Uint8Array(this.#strings.length + strings.length);
    joined.set(this.#strings);
    joined.set(strings, this.#strings.length);
    this.#strings = joined;
  }

  description({ descriptionOffset }: SectionHeader): Uint8Array {
    if (descriptionOffset < 0 || descriptionOffset >= this.#strings.length) return UNKNOWN;
    const end = this.#strings.indexOf(0, descriptionOffset);
    return this.#strings.subarray(descriptionOffset, end < 0 ? this.#strings.length : end);
  }

  /** The line that stands before what a section holds. */
  writeHeader(writer: PartWriter, parts: readonly DumpPart[], section: SectionHeader): void {
    const { id, offset, size } = section;
    const end = `", flags 0x${capitalFlags(section)}, ${size} bytes]\n`;
    writer.write(parts, `\t[Section ${id} @ ${offset}: "`, this.description(section), end);
  }
}

export const capitalFlags = ({ flags }: SectionHeader): string => flags.toString(16).toUpperCase();
