import type { ByteSource } from '../../base/byte-source.ts';
import type { ByteWriter } from '../../base/byte-writer.ts';
import { TandemError } from '../../base/errors.ts';
import type { Codecs } from '../../trace-file/codecs.ts';
import { FIRST_VERSION_WITH_SECTIONS, readInitialHeader } from '../../trace-file/initial-header.ts';
import type { InitialHeader } from '../../trace-file/types.ts';
import { Damage } from './damage.ts';
import { type DumpCompat, KNOWN_OPTIONS } from './option-names.ts';
import { PartWriter } from './part-writer.ts';
import type { DumpPart } from './parts.ts';
import { SectionFile } from './section-file.ts';
import { SequentialDump } from './v6.ts';
import { SectionedDump } from './v7.ts';

export interface DumpRequest {
  /** What to show; nothing for a check only. */
  readonly parts: ReadonlySet<DumpPart>;
  /** Which release of trace-cmd to print like. */
  readonly compat: DumpCompat;
  /** Hands on what is in the writer; called often enough to keep it small. */
  readonly drain: () => Promise<void>;
  readonly codecs: Codecs;
}

/**
 * Writes what the metadata of a trace file says, as `trace-cmd dump` prints it. All metadata is read and checked,
 * whatever is shown of it; events are not looked at.
 *
 * It reads the file itself instead of an opened trace: a file too damaged to be opened is just the one whose parts
 * somebody wants to see. What is readable is written in any case; then the first damage that was met is thrown as
 * a TandemError.
 */
export async function dumpTrace(source: ByteSource, out: ByteWriter, request: DumpRequest): Promise<void> {
  const writer = new PartWriter(out, request.parts, request.drain);
  const known = KNOWN_OPTIONS[request.compat];
  const damage = new Damage();
  const warn = (text: string): void => damage.add(new TandemError('TRUNCATED', source.name, text));
  writer.write(['summary'], `\n Tracing meta data in file ${source.name}:\n\t[Initial format]\n`);
  const header = await readInitialHeader(source);
  writeInitialHeader(writer, header);
  const context = { source, codecs: request.codecs, header, warn };
  if (header.version < FIRST_VERSION_WITH_SECTIONS) await new SequentialDump(context, writer, known, damage).dump();
  else await new SectionedDump(new SectionFile(context), writer, known, damage).dump();
  damage.report();
}

function writeInitialHeader(writer: PartWriter, header: InitialHeader): void {
  const lines = [
    [header.version, 'Version'],
    header.littleEndian ? [0, 'Little endian'] : [1, 'Big endian'],
    [header.userLongSize, 'Bytes in a long'],
    [header.pageSize, 'Page size, bytes'],
  ];
  if (header.version >= FIRST_VERSION_WITH_SECTIONS) {
    const { name, version } = header.compression;
    lines.push([name, 'Compression algorithm'], [version, 'Compression version']);
  }
  for (const [value, title] of lines) writer.write(['summary'], `\t\t${value}\t[${title}]\n`);
}
