import { OPTION } from '../ids.ts';
import { eventsBody, ftraceBody, headersBody, initialHeader, longTextBody, shortTextBody } from './bodies.ts';
import type { BufferContent, TraceContent, TraceSink } from './content.ts';
import { alignUp, Encoder } from './encoder.ts';

const FLYRECORD = 'flyrecord';
/** With its NUL as long as the other word. */
const LATENCY = 'latency  ';
/** Bytes of a buffer's fixed part: the word flyrecord with its NUL; per CPU an offset and a size follow. */
const FLYRECORD_SIZE = FLYRECORD.length + 1;

/**
 * Writes version 6: everything one after the other, uncompressed. The options tell each instance's place, which is
 * known only when the top buffer's data is written: their offsets are patched at the end.
 */
export async function writeV6(content: TraceContent, sink: TraceSink): Promise<void> {
  const { littleEndian, cpuCount, buffers } = content;
  await sink.append(initialHeader(content, 6).finish());
  for (const body of [headersBody(content), ftraceBody(content), eventsBody(content)]) await sink.append(body);
  await sink.append(shortTextBody(content, content.kallsyms));
  await sink.append(shortTextBody(content, content.printkFormats));
  await sink.append(longTextBody(content, content.commandLines));
  await sink.append(new Encoder(littleEndian).u32(cpuCount).finish());

  const offsetPlaces = await appendOptions(content, sink);
  if (content.latency !== undefined) {
    await sink.append(new Encoder(littleEndian).string(LATENCY).bytes(content.latency.text).finish());
    return;
  }
  const [top, ...instances] = buffers;
  if (top !== undefined) await appendBuffer(top, content, sink);
  for (const [index, instance] of instances.entries()) {
    await sink.patch(offsetPlaces[index] as number, new Encoder(littleEndian).u64(sink.position).finish());
    await appendBuffer(instance, content, sink);
  }
}

/** Returns the file offsets of the instances' places, still 0. */
async function appendOptions(content: TraceContent, sink: TraceSink): Promise<number[]> {
  const options = new Encoder(content.littleEndian).text('options  ').u8(0);
  for (const { id, data } of content.options) options.u16(id).u32(data.length).bytes(data);
  const places: number[] = [];
  for (const { name } of content.buffers.slice(1)) {
    const data = new Encoder(content.littleEndian).u64(0).string(name).finish();
    options.u16(OPTION.BUFFER).u32(data.length);
    places.push(sink.position + options.length);
    options.bytes(data);
  }
  await sink.append(options.u16(OPTION.DONE).finish());
  return places;
}

async function appendBuffer(buffer: BufferContent, content: TraceContent, sink: TraceSink): Promise<void> {
  const { littleEndian, cpuCount } = content;
  // A reader expects the clock exactly when there is the option.
  const clock = content.options.some(({ id }) => id === OPTION.TRACECLOCK) ? `[${buffer.clock}]` : undefined;
  const head = new Encoder(littleEndian).string(FLYRECORD);
  const clockSize = clock === undefined ? 0 : 8 + clock.length;
  let next = alignUp(sink.position + FLYRECORD_SIZE + 16 * cpuCount + clockSize, buffer.pageSize);
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    const size = buffer.cpus.find((data) => data.cpu === cpu)?.size ?? 0;
    head.u64(next).u64(size);
    next += size;
  }
  if (clock !== undefined) head.u64(clock.length).text(clock);
  await sink.append(head.finish());
  await sink.append(new Uint8Array(alignUp(sink.position, buffer.pageSize) - sink.position));
  for (const data of buffer.cpus.toSorted((a, b) => a.cpu - b.cpu)) await sink.appendData(data);
}
