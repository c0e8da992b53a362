import { TandemError } from '../../base/errors.ts';
import { LARGEST_SECTION } from '../../trace-file/codecs.ts';
import { SECTION } from '../../trace-file/ids.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
import type { Damage } from './damage.ts';
import type { PartWriter } from './part-writer.ts';
import { capitalFlags, type SectionFile, type SectionHeader } from './section-file.ts';

const HEADER_BYTES = 16;

/** A section, with the sizes that its compressed body begins with. */
interface ListedSection extends SectionHeader {
  readonly compressedSize: number;
  readonly uncompressedSize: number;
}

const holdsEvents = ({ id }: SectionHeader): boolean => id === SECTION.BUFFER || id === SECTION.BUFFER_TEXT;

/** All sections from the reader's position on: they lie one after the other up to the end of the file. */
async function listSections(file: SectionFile, reader: SourceReader, damage: Damage): Promise<ListedSection[]> {
  const sections: ListedSection[] = [];
  await damage.attempt(async () => {
    while (reader.remaining > 0) {
      const section = await file.header(reader);
      const sized = section.compressed && !holdsEvents(section);
      const compressedSize = sized ? await reader.u32() : 0;
      const uncompressedSize = sized ? await reader.u32() : 0;
      sections.push({ ...section, compressedSize, uncompressedSize });
      reader.skip(Math.max(0, section.offset + HEADER_BYTES + section.size - reader.position));
    }
  });
  return sections;
}

async function dumpStrings(file: SectionFile, section: SectionHeader, writer: PartWriter): Promise<void> {
  const body = await file.body(section, file.readerAt(section.offset + HEADER_BYTES));
  if (body.size > LARGEST_SECTION) throw new TandemError('CORRUPT', body.reader.subject, `claims ${body.size} bytes`);
  const strings = await body.reader.bytes(body.size);
  writer.write(['strings'], '\t[String @ offset]\n');
  for (let start = 0; start < strings.length; ) {
    const nul = strings.indexOf(0, start);
    const end = nul < 0 ? strings.length : nul;
    writer.write(['strings'], '\t\t"', strings.subarray(start, end), `" @ ${file.stringsSize + start}\n`);
    start = end + 1;
  }
  file.addStrings(strings);
}

function sizesOf(section: ListedSection): string {
  if (!section.compressed) return `${section.size} bytes`;
  if (holdsEvents(section)) return `${section.size} compressed bytes`;
  return `${section.compressedSize | 0} compressed, ${section.uncompressedSize | 0} uncompressed`;
}

/**
 * Shows the strings and lists the sections of a v7 file, from the reader's position on, and gives the file its
 * strings. Ids from `idLimit` on are called unknown.
 * @returns how many sections there are
 */
export async function dumpSectionList(
  file: SectionFile,
  reader: SourceReader,
  writer: PartWriter,
  idLimit: number,
  damage: Damage,
): Promise<number> {
  const sections = await listSections(file, reader, damage);
  for (const section of sections) {
    if (section.id === SECTION.STRINGS) await damage.attempt(() => dumpStrings(file, section, writer));
  }
  for (const section of sections) {
    const description = file.description(section);
    if (section.id >= idLimit) writer.write(['sections'], `Unknown section id ${section.id}: `, description);
    const place = `${String(section.id).padStart(2)} @ ${String(section.offset).padEnd(16)}`;
    const end = `", flags 0x${capitalFlags(section)}, ${sizesOf(section)}]\n`;
    writer.write(['sections'], `\t[Section ${place}\t"`, description, end);
  }
  return sections.length;
}
