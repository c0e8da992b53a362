import { memorySource } from '../../base/byte-source.ts';
import { describe, type OpenContext, readBody, readSectionHeader } from '../../trace-file/sections.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import type { Section } from '../../trace-file/types.ts';
import type { PartWriter } from './part-writer.ts';
import type { DumpPart } from './parts.ts';

const UNKNOWN = new TextEncoder().encode('Unknown');

/** A v7 file as sections that can be read from wherever an offset points. */
export class SectionFile {
  readonly context: OpenContext;
  /** The strings of all STRINGS sections, in one offset space. */
  #strings = new Uint8Array(0);

  constructor(context: OpenContext) {
    this.context = context;
  }

  /** The section whose header is at `offset`. */
  section(offset: number): Promise<Section> {
    return readSectionHeader(this.context, offset);
  }

  /** A reader of the body of a section, decompressed. */
  async body(section: Section): Promise<SourceReader> {
    const { source, header } = this.context;
    const subject = `${source.name}: section ${describe(section)}`;
    const bytes = await readBody(this.context, section);
    return new SourceReader(memorySource(subject, bytes), header.littleEndian, subject);
  }

  /** Bytes of all strings so far. */
  get stringsSize(): number {
    return this.#strings.length;
  }

  addStrings(strings: Uint8Array): void {
    const joined = new Uint8Array(this.#strings.length + strings.length);
    joined.set(this.#strings);
    joined.set(strings, this.#strings.length);
    this.#strings = joined;
  }

  description({ descriptionOffset }: Section): Uint8Array {
    if (descriptionOffset < 0 || descriptionOffset >= this.#strings.length) return UNKNOWN;
    const end = this.#strings.indexOf(0, descriptionOffset);
    return this.#strings.subarray(descriptionOffset, end < 0 ? this.#strings.length : end);
  }

  /** The line that stands before what a section holds. */
  writeHeader(writer: PartWriter, parts: readonly DumpPart[], section: Section): void {
    const { id, offset, storedSize } = section;
    const end = `", flags 0x${capitalFlags(section)}, ${storedSize} bytes]\n`;
    writer.write(parts, `\t[Section ${id} @ ${offset}: "`, this.description(section), end);
  }
}

export const capitalFlags = ({ flags }: Section): string => flags.toString(16).toUpperCase();
