import { TandemError } from '../../base/errors.ts';
import { at } from '../../trace-file/ids.ts';
import type { SourceReader } from '../../trace-file/source-reader.ts';
import type { PartWriter } from './part-writer.ts';
import type { DumpPart } from './parts.ts';

/** The text parts of a file: v6 has them one after the other, v7 each in a section of its own. */

const latin1 = new TextDecoder('latin1');

async function dumpHeaderText(
  reader: SourceReader,
  writer: PartWriter,
  part: DumpPart,
  mark: string,
  title: string,
): Promise<void> {
  const offset = reader.position;
  if (latin1.decode(await reader.stringBytes()) !== mark) {
    throw new TandemError('CORRUPT', reader.subject, `no "${mark}" at ${at(offset)}`);
  }
  const size = await reader.u64();
  writer.write(['summary', part], `\t[${title}, ${size} bytes]\n`);
  await writer.copyText([part], reader, size);
  writer.write([part], '\n');
}

/** The layouts of a sub-buffer and of an event in it. */
export async function dumpHeaderInfo(reader: SourceReader, writer: PartWriter): Promise<void> {
  await dumpHeaderText(reader, writer, 'head-page', 'header_page', 'Header page');
  await dumpHeaderText(reader, writer, 'head-event', 'header_event', 'Header event');
}

async function dumpFormats(reader: SourceReader, writer: PartWriter, part: DumpPart, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    await writer.copyText([part], reader, await reader.u64());
    writer.write([part], '\n');
  }
}

/** Formats of the events that the tracers write. */
export async function dumpFtraceFormats(reader: SourceReader, writer: PartWriter): Promise<void> {
  const count = await reader.u32();
  writer.write(['summary', 'ftrace-events'], `\t[Ftrace format, ${count | 0} events]\n`);
  await dumpFormats(reader, writer, 'ftrace-events', count);
}

/** Formats of the events that were recorded, and how many there are of each system. */
export async function dumpEventFormats(reader: SourceReader, writer: PartWriter): Promise<void> {
  const systems = await reader.u32();
  writer.write(['summary', 'events', 'systems'], `\t[Events format, ${systems | 0} systems]\n`);
  for (let i = 0; i < systems; i++) {
    const name = await reader.stringBytes();
    const count = await reader.u32();
    writer.write(['systems'], '\t\t', name, ` ${count | 0} [system, events]\n`);
    await dumpFormats(reader, writer, 'events', count);
  }
}

async function dumpText(
  reader: SourceReader,
  writer: PartWriter,
  part: DumpPart,
  title: string,
  size: number,
): Promise<void> {
  writer.write(['summary', part], `\t[${title}, ${size | 0} bytes]\n`);
  await writer.copyText([part], reader, size);
  writer.write([part], '\n');
}

/** Addresses and names of the kernel's functions. */
export async function dumpKallsyms(reader: SourceReader, writer: PartWriter): Promise<void> {
  await dumpText(reader, writer, 'kallsyms', 'Kallsyms', await reader.u32());
}

/** The formats of trace_printk. */
export async function dumpPrintkFormats(reader: SourceReader, writer: PartWriter): Promise<void> {
  await dumpText(reader, writer, 'printk', 'Trace printk', await reader.u32());
}

/** The names of tasks by pid. */
export async function dumpCommandLines(reader: SourceReader, writer: PartWriter): Promise<void> {
  await dumpText(reader, writer, 'cmd-lines', 'Saved command lines', await reader.u64());
}

/** The kernel's modules and where they lay: a text that fills its section. */
export async function dumpModules(reader: SourceReader, writer: PartWriter): Promise<void> {
  const size = reader.remaining;
  const parts = ['summary', 'modules'] as const;
  writer.write(parts, '\t[Saved modules]\n');
  await writer.copyText(parts, reader, size);
  writer.write(parts, `\n[${size} bytes]\n`);
}
