import { OPTION, SECTION } from '../ids.ts';
import { eventsBody, ftraceBody, headersBody, initialHeader, longTextBody, shortTextBody } from './bodies.ts';
import {
  type BufferContent,
  type Compressor,
  type CpuContent,
  type LatencyText,
  type OptionContent,
  type TraceContent,
  type TraceSink,
  USUAL_PAGE_SIZE,
} from './content.ts';
import { alignUp, Encoder } from './encoder.ts';
import { optionsSection } from './options-section.ts';

/** Sub-buffers per chunk of compressed CPU data: what stock writers take, and readers are tuned for. */
const CHUNK_SUB_BUFFERS = 10;
/** Chunks that are read and compressed together: what stays in a CPU's own cache meanwhile. */
const BLOCK_CHUNKS = 8;
const SECTION_HEADER_SIZE = 16;
const COMPRESSED = 1;

/** Writes version 7, compressed where a compressor is given. */
export async function writeV7(content: TraceContent, sink: TraceSink, compressor?: Compressor): Promise<void> {
  const header = initialHeader(content, 7);
  header.string(compressor?.name ?? 'none').string(compressor?.version ?? '');
  const firstOptionsPlace = header.length;
  await sink.append(header.u64(0).finish());
  const writer = new SectionWriter(content, sink, compressor, firstOptionsPlace);

  const metadata: readonly [id: number, description: string, body: Uint8Array][] = [
    [SECTION.HEADER_INFO, 'headers', headersBody(content)],
    [SECTION.FTRACE_EVENTS, 'ftrace events', ftraceBody(content)],
    [SECTION.EVENT_FORMATS, 'events format', eventsBody(content)],
    [SECTION.KALLSYMS, 'kallsyms', shortTextBody(content, content.kallsyms)],
    [SECTION.PRINTK, 'printk', shortTextBody(content, content.printkFormats)],
    [SECTION.CMDLINES, 'command lines', longTextBody(content, content.commandLines)],
  ];
  const pointers: OptionContent[] = [];
  for (const [id, description, body] of metadata) {
    pointers.push({ id, data: writer.offsetData(sink.position) });
    await writer.section(id, description, body);
  }
  await writer.options([...pointers, ...content.options]);

  for (const buffer of content.buffers) await writer.options([await writer.buffer(buffer)]);
  if (content.latency !== undefined) await writer.options([await writer.latency(content.latency)]);
  await writer.strings();
}

/** Bytes of the chunk count in front of a CPU's compressed data, which its size leaves out. */
const CHUNK_COUNT_SIZE = 4;

/** Where a CPU's data ended up. */
interface Placed {
  readonly cpu: number;
  readonly offset: number;
  readonly size: number;
}

class SectionWriter {
  readonly #content: TraceContent;
  readonly #sink: TraceSink;
  readonly #compressor: Compressor | undefined;
  readonly #strings = new Encoder(true);
  /** File offset of the pointer to the next options section: in the initial header, then in each DONE. */
  #nextOptionsPlace: number;

  constructor(content: TraceContent, sink: TraceSink, compressor: Compressor | undefined, nextOptionsPlace: number) {
    this.#content = content;
    this.#sink = sink;
    this.#compressor = compressor;
    this.#nextOptionsPlace = nextOptionsPlace;
  }

  #encoder(): Encoder {
    return new Encoder(this.#content.littleEndian);
  }

  offsetData(offset: number): Uint8Array {
    return this.#encoder().u64(offset).finish();
  }

  /** Adds a description to the strings. Returns its offset in them. */
  #describe(description: string): number {
    const at = this.#strings.length;
    this.#strings.string(description);
    return at;
  }

  #header(id: number, descriptionAt: number, compressed: boolean, size: number): Encoder {
    const flags = compressed ? COMPRESSED : 0;
    return this.#encoder().u16(id).u16(flags).u32(descriptionAt).u64(size);
  }

  async section(id: number, description: string, body: Uint8Array): Promise<void> {
    const descriptionAt = this.#describe(description);
    const packed = await this.#packBody(body);
    const header = this.#header(id, descriptionAt, this.#compressor !== undefined, packed.length);
    await this.#sink.append(header.finish());
    await this.#sink.append(packed);
  }

  async #packBody(body: Uint8Array): Promise<Uint8Array> {
    if (this.#compressor === undefined) return body;
    const { length } = body;
    return this.#packed(await this.#compressor.compress(body, length), length, length);
  }

  /** Compressed size, uncompressed size, bytes: the form of a section's body and of a chunk. */
  #packed(chunks: readonly Uint8Array[], length: number, chunkSize: number): Uint8Array {
    const size = chunks.reduce((sum, chunk) => sum + 8 + chunk.length, 0);
    const packed = new Encoder(this.#content.littleEndian, size);
    for (const [index, chunk] of chunks.entries()) {
      packed
        .u32(chunk.length)
        .u32(Math.min(chunkSize, length - index * chunkSize))
        .bytes(chunk);
    }
    return packed.finish();
  }

  /** An options section, never compressed; the one before it, or the header, is made to point to it. */
  async options(options: readonly OptionContent[]): Promise<void> {
    const { littleEndian } = this.#content;
    const { bytes, nextPlace } = optionsSection(options, this.#describe('options'), littleEndian);
    const start = this.#sink.position;
    await this.#sink.append(bytes);
    await this.#sink.patch(this.#nextOptionsPlace, this.offsetData(start));
    this.#nextOptionsPlace = start + nextPlace;
  }

  /** The section with a buffer's data. Returns the option that tells where it is; only CPUs with data are in it. */
  async buffer(buffer: BufferContent): Promise<OptionContent> {
    const sink = this.#sink;
    const start = sink.position;
    const descriptionAt = this.#describe(`buffer flyrecord ${buffer.name}`);
    await sink.append(this.#header(SECTION.BUFFER, descriptionAt, this.#compressor !== undefined, 0).finish());
    const placed: Placed[] = [];
    for (const data of buffer.cpus) if (data.size > 0) placed.push(await this.#cpuData(data, buffer.pageSize));
    const size = this.offsetData(sink.position - start - SECTION_HEADER_SIZE);
    await sink.patch(start + SECTION_HEADER_SIZE - 8, size);

    const option = this.#encoder().u64(start).string(buffer.name).string(buffer.clock);
    option.u32(buffer.pageSize).u32(placed.length);
    for (const { cpu, offset, size } of placed) option.u32(cpu).u64(offset).u64(size);
    return { id: OPTION.BUFFER, data: option.finish() };
  }

  /** The section with a latency tracer's text. Returns the option that tells where it is. */
  async latency({ text, clock }: LatencyText): Promise<OptionContent> {
    const start = this.#sink.position;
    const packed = await this.#packText(text);
    const compressed = this.#compressor !== undefined;
    const header = this.#header(SECTION.BUFFER_TEXT, this.#describe('buffer latency'), compressed, packed.length);
    await this.#sink.append(header.bytes(packed).finish());
    return { id: OPTION.BUFFER_TEXT, data: this.#encoder().u64(start).string('').string(clock).finish() };
  }

  /** In chunks like CPU data, with their number in front. */
  async #packText(text: Uint8Array): Promise<Uint8Array> {
    if (this.#compressor === undefined) return text;
    const chunkSize = CHUNK_SUB_BUFFERS * USUAL_PAGE_SIZE;
    const chunks = await this.#compressor.compress(text, chunkSize);
    return this.#encoder()
      .u32(chunks.length)
      .bytes(this.#packed(chunks, text.length, chunkSize))
      .finish();
  }

  async #cpuData(data: CpuContent, pageSize: number): Promise<Placed> {
    const sink = this.#sink;
    await sink.append(new Uint8Array(alignUp(sink.position, pageSize) - sink.position));
    const offset = sink.position;
    if (this.#compressor === undefined) {
      await sink.appendData(data);
      return { cpu: data.cpu, offset, size: data.size };
    }
    const chunkSize = CHUNK_SUB_BUFFERS * pageSize;
    const chunkCount = Math.ceil(data.size / chunkSize);
    await sink.append(this.#encoder().u32(chunkCount).finish());
    await this.#compressed(data, chunkSize, this.#compressor);
    return { cpu: data.cpu, offset, size: sink.position - offset - CHUNK_COUNT_SIZE };
  }

  /** All lanes are kept busy; what they give is written in order. */
  async #compressed(data: CpuContent, chunkSize: number, compressor: Compressor): Promise<void> {
    const blockSize = BLOCK_CHUNKS * chunkSize;
    const inWork: Promise<Uint8Array>[] = [];
    const spare: Uint8Array[] = [];
    const compressBlock = async (at: number): Promise<Uint8Array> => {
      const memory = spare.pop() ?? new Uint8Array(blockSize);
      const block = memory.subarray(0, data.size - at);
      await data.readInto(block, at);
      const packed = this.#packed(await compressor.compress(block, chunkSize), block.length, chunkSize);
      spare.push(memory);
      return packed;
    };
    for (let at = 0; at < data.size || inWork.length > 0; ) {
      while (at < data.size && inWork.length <= compressor.lanes) {
        inWork.push(compressBlock(at));
        at += blockSize;
      }
      await this.#sink.append(await (inWork.shift() as Promise<Uint8Array>));
    }
  }

  /** The descriptions of all sections, its own too. */
  async strings(): Promise<void> {
    const descriptionAt = this.#describe('strings');
    const packed = await this.#packBody(this.#strings.finish());
    const header = this.#header(SECTION.STRINGS, descriptionAt, this.#compressor !== undefined, packed.length);
    await this.#sink.append(header.bytes(packed).finish());
  }
}
