import { SECTION } from '../../trace-file/ids.ts';
import { describe, walkSections } from '../../trace-file/sections.ts';
import { SourceReader } from '../../trace-file/source-reader.ts';
import type { Section } from '../../trace-file/types.ts';
import type { Damage } from './damage.ts';
import type { PartWriter } from './part-writer.ts';
import { capitalFlags, type SectionFile } from './section-file.ts';

async function dumpStrings(file: SectionFile, section: Section, writer: PartWriter): Promise<void> {
  const body = await file.body(section);
  const strings = await body.bytes(body.remaining);
  writer.write(['strings'], '\t[String @ offset]\n');
  for (let start = 0; start < strings.length; ) {
    const nul = strings.indexOf(0, start);
    const end = nul < 0 ? strings.length : nul;
    writer.write(['strings'], '\t\t"', strings.subarray(start, end), `" @ ${file.stringsSize + start}\n`);
    start = end + 1;
  }
  file.addStrings(strings);
}

/** Bytes of a section's body. Those of compressed events are known only chunk by chunk. */
async function sizesOf({ context }: SectionFile, section: Section): Promise<string> {
  const { id, compressed, storedSize, bodyOffset } = section;
  if (!compressed) return `${storedSize} bytes`;
  if (id === SECTION.BUFFER || id === SECTION.BUFFER_TEXT) return `${storedSize} compressed bytes`;
  const { source, header } = context;
  const subject = `${source.name}: section ${describe(section)}`;
  const reader = new SourceReader(source, header.littleEndian, subject, bodyOffset, bodyOffset + 8);
  const compressedSize = await reader.u32();
  return `${compressedSize | 0} compressed, ${(await reader.u32()) | 0} uncompressed`;
}

/**
 * Shows the strings and lists the sections of a v7 file, and gives the file its strings. Ids from `idLimit` on are
 * called unknown.
 * @returns how many sections there are
 */
export async function dumpSectionList(
  file: SectionFile,
  writer: PartWriter,
  idLimit: number,
  damage: Damage,
): Promise<number> {
  const sections = await walkSections(file.context);
  for (const section of sections) {
    if (section.id === SECTION.STRINGS) await damage.attempt(() => dumpStrings(file, section, writer));
  }
  for (const section of sections) {
    await damage.attempt(async () => {
      const sizes = await sizesOf(file, section);
      const description = file.description(section);
      if (section.id >= idLimit) writer.write(['sections'], `Unknown section id ${section.id}: `, description);
      const place = `${String(section.id).padStart(2)} @ ${String(section.offset).padEnd(16)}`;
      const end = `", flags 0x${capitalFlags(section)}, ${sizes}]\n`;
      writer.write(['sections'], `\t[Section ${place}\t"`, description, end);
    });
    await writer.drain();
  }
  return sections.length;
}
