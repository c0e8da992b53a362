import { OPTION } from '../../trace-file/ids.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
import { type PartWriter, signed64 } from './part-writer.ts';
import type { SectionFile } from './section-file.ts';

const SHOWN = ['options', 'flyrecord'] as const;

/** What the BUFFER options of all versions begin with: where the buffer lies, and its name. */
function writePlace(writer: PartWriter, size: number, offset: number, name: Uint8Array): void {
  writer.write(SHOWN, `\t\t[Option BUFFER, ${size} bytes]\n${offset} [offset]\n"`, name, '" [name]\n');
}

/** An instance of a v6 file. */
export async function dumpInstance(data: SourceReader, writer: PartWriter): Promise<void> {
  const size = data.remaining;
  const offset = await data.u64();
  writePlace(writer, size, offset, await data.stringBytes());
}

/** A buffer of a v7 file, after the header of the section that holds its events. */
export async function dumpBuffer(data: SourceReader, writer: PartWriter, id: number, file: SectionFile): Promise<void> {
  const size = data.remaining;
  const offset = await data.u64();
  const name = await data.stringBytes();
  file.writeHeader(writer, ['flyrecord'], await file.section(offset));
  writePlace(writer, size, offset, name);
  const clock = await data.stringBytes();
  writer.write(SHOWN, '"', clock, '" [clock]\n');
  const sizes = id === OPTION.BUFFER ? await dumpCpus(data, writer) : 'latency data';
  writer.write(['summary'], '\t[buffer "', name, '", "', clock, `" clock, ${sizes}]\n`);
}

/** The page size and where the events of each CPU lie. Returns what the summary says of them. */
async function dumpCpus(data: SourceReader, writer: PartWriter): Promise<string> {
  const pageSize = await data.u32();
  writer.write(SHOWN, `${pageSize | 0} [Page size, bytes]\n`);
  const cpus = await data.u32();
  writer.write(SHOWN, `${cpus | 0} [CPUs]:\n`);
  let total = 0n;
  for (let i = 0; i < cpus; i++) {
    const cpu = await data.u32();
    const offset = await data.u64();
    const size = await data.exactU64();
    total += size;
    writer.write(SHOWN, `   ${cpu | 0} ${offset}\t${size}\t[id, data offset and size]\n`);
  }
  return `${pageSize | 0} page size, ${cpus | 0} cpus, ${signed64(total)} bytes flyrecord data`;
}
