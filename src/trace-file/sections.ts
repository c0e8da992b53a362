import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import { type Codecs, decompressBlock, SECTION_BOUNDS } from './codecs.ts';
import { at, OPTION, SECTION, sectionName } from './ids.ts';
import { SourceReader } from './source-reader.ts';
import type { CpuData, InitialHeader, Section, TraceOption } from './types.ts';

/** What reading the metadata needs all the way. */
export interface OpenContext {
  readonly source: ByteSource;
  readonly codecs: Codecs;
  readonly header: InitialHeader;
  /** Notes what was missing or odd, in one line. */
  readonly warn: (text: string) => void;
}

export const SECTION_HEADER_SIZE = 16;
const COMPRESSED = 1;
/** Options take at least their DONE: a header that says less is not one, but the zeros behind a cut-off writer. */
const SMALLEST_OPTIONS = 14;
/** A real file has a dozen sections, and three more per instance. */
const MOST_SECTIONS = 100_000;
/** The most come from CPU statistics: one per CPU and buffer. */
export const MOST_OPTIONS = 1 << 18;

export async function readSectionHeader(context: OpenContext, offset: number): Promise<Section> {
  const { source, header } = context;
  const reader = new SourceReader(source, header.littleEndian, `${source.name}: section at ${at(offset)}`, offset);
  return parseSectionHeader(reader);
}

async function parseSectionHeader(reader: SourceReader): Promise<Section> {
  const offset = reader.position;
  const id = await reader.u16();
  const flags = await reader.u16();
  const descriptionOffset = (await reader.u32()) | 0;
  const storedSize = await reader.u64();
  const compressed = (flags & COMPRESSED) !== 0;
  const bodyOffset = offset + SECTION_HEADER_SIZE;
  return { id, offset, bodyOffset, storedSize, compressed, flags, descriptionOffset, description: '' };
}

/**
 * All sections of a v7 file, by walking from the end of the initial header: they lie one behind the other.
 * Where the file is cut, the last one's storedSize reaches beyond the end.
 */
export async function walkSections(context: OpenContext): Promise<Section[]> {
  const { source, header, warn } = context;
  const sections: Section[] = [];
  let offset = header.end;
  const reader = new SourceReader(source, header.littleEndian, source.name, offset);
  while (reader.remaining > 0) {
    if (reader.remaining < SECTION_HEADER_SIZE) {
      warn(`the file is cut inside the section header at ${at(offset)}`);
      break;
    }
    const section = await parseSectionHeader(reader);
    if (section.id === SECTION.OPTIONS && section.storedSize < SMALLEST_OPTIONS) {
      warn(`there is no section at ${at(offset)}, where the next one should begin`);
      break;
    }
    sections.push(section);
    if (sections.length === MOST_SECTIONS) {
      warn(`more than ${MOST_SECTIONS} sections; those after ${at(offset)} are ignored`);
      break;
    }
    if (section.storedSize > reader.remaining) {
      const missing = section.storedSize - reader.remaining;
      warn(`the file is cut inside section ${describe(section)}: ${missing} bytes are missing at its end`);
      break;
    }
    reader.skip(section.storedSize);
    offset = reader.position;
  }
  return sections;
}

/** `16 (header info) at 0x25`, for messages. */
export const describe = (section: Section): string =>
  `${section.id} (${sectionName(section.id)}) at ${at(section.offset)}`;

/** The body of a section, decompressed where it is compressed; shorter than stated where the file is cut. */
export async function readBody(context: OpenContext, section: Section): Promise<Uint8Array> {
  const { source, header, codecs } = context;
  const subject = `${source.name}: section ${describe(section)}`;
  const available = Math.min(section.storedSize, source.size - section.bodyOffset);
  if (available > SECTION_BOUNDS.largest) {
    throw new TandemError('CORRUPT', subject, `is impossibly large (${section.storedSize} bytes)`);
  }
  if (!section.compressed) return source.read(section.bodyOffset, available);
  const end = section.bodyOffset + available;
  const reader = new SourceReader(source, header.littleEndian, subject, section.bodyOffset, end);
  const compressedSize = await reader.u32();
  const size = await reader.u32();
  const compressed = await reader.bytes(compressedSize);
  return decompressBlock(codecs, header.compression.name, compressed, size, SECTION_BOUNDS, subject);
}

/**
 * Runs a step that the rest can do without: damage there becomes a warning. What no other step would survive
 * either (an unknown compression, a failing disk) is thrown on.
 */
export async function tolerate<T>(context: OpenContext, step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    if (!(error instanceof TandemError) || error.code === 'UNSUPPORTED' || error.code === 'IO') throw error;
    const prefix = `${context.source.name}: `;
    context.warn(error.message.startsWith(prefix) ? error.message.slice(prefix.length) : error.message);
    return undefined;
  }
}

/** Fills in the descriptions: offsets into the concatenation of all STRINGS sections. */
export async function describeSections(context: OpenContext, sections: readonly Section[]): Promise<Section[]> {
  const parts: Uint8Array[] = [];
  for (const section of sections) {
    if (section.id !== SECTION.STRINGS) continue;
    const body = await tolerate(context, () => readBody(context, section));
    if (body) parts.push(body);
  }
  const strings = concatenate(parts);
  const decoder = new TextDecoder();
  return sections.map((section) => {
    const start = section.descriptionOffset;
    if (start < 0 || start >= strings.length) return section;
    const end = strings.indexOf(0, start);
    return { ...section, description: decoder.decode(strings.subarray(start, end < 0 ? strings.length : end)) };
  });
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    whole.set(part, end);
    end += part.length;
  }
  return whole;
}

/**
 * The options of an options section's body, DONE included; returns DONE's value, the next section's offset.
 * v6 has a DONE without size and data: there the result is 0. Offsets are the reader's.
 */
export async function parseOptions(
  reader: SourceReader,
  sectioned: boolean,
  add: (option: Omit<TraceOption, 'block'>) => void,
): Promise<number> {
  for (let count = 0; count < MOST_OPTIONS; count++) {
    const offset = reader.position;
    const id = await reader.u16();
    if (id === OPTION.DONE && !sectioned) return 0;
    const data = await reader.bytes(await reader.u32());
    add({ id, offset, data });
    if (id !== OPTION.DONE) continue;
    if (data.length < 8) throw new TandemError('CORRUPT', reader.subject, `DONE at ${at(offset)} is too short`);
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
    return Number(view.getBigUint64(0, reader.littleEndian));
  }
  throw new TandemError('CORRUPT', reader.subject, `has more than ${MOST_OPTIONS} options`);
}

/** Says so where CPU data reaches beyond the end of the file. */
export function warnIfCut({ source, warn }: OpenContext, buffer: string, cpus: readonly CpuData[]): void {
  const cut = cpus.filter(({ offset, size }) => size > 0 && offset + size > source.size);
  if (cut.length === 0) return;
  const missing = cut.reduce((sum, { offset, size }) => sum + Math.min(size, offset + size - source.size), 0);
  const list = cut.slice(0, 8).map(({ cpu }) => cpu);
  const more = cut.length > list.length ? ' and more' : '';
  const where = buffer === '' ? '' : ` of buffer '${buffer}'`;
  warn(
    `the file is cut at ${at(source.size)}: ${missing} bytes of CPU data${where} are missing (CPU ${list.join(', ')}${more})`,
  );
}
