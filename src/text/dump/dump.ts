import type { ByteSource } from '../../base/byte-source.ts';
import type { ByteWriter } from '../../base/byte-writer.ts';
import { type Codecs, portableCodecs } from '../../trace-file/codecs.ts';
import { Damage } from './damage.ts';
import { dumpInitialHeader, SECTIONS_VERSION } from './initial-header.ts';
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
  /** The portable ones if left out. */
  readonly codecs?: Codecs;
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
  writer.write(['summary'], `\n Tracing meta data in file ${source.name}:\n`);
  const { version, compression, reader } = await dumpInitialHeader(source, writer);
  if (version < SECTIONS_VERSION) {
    await new SequentialDump(source, reader, writer, known, damage).dump();
  } else {
    const file = new SectionFile(source, reader.littleEndian, compression, request.codecs ?? portableCodecs);
    await new SectionedDump(file, writer, known, damage).dump(reader);
  }
  damage.report();
}
