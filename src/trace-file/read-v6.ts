import { TandemError } from '../base/errors.ts';
import { subBufferLayout } from '../ring-buffer/layout.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import type { Contents } from './contents.ts';
import { activeClock, decodeOptions, MOST_CPUS, type OptionFacts } from './decode-options.ts';
import { at, SECTION, sectionName } from './ids.ts';
import { noTexts, readEventFormats, readFtraceFormats, readHeaderInfo } from './metadata-texts.ts';
import { type OpenContext, parseOptions, tolerate, warnIfCut } from './sections.ts';
import { SourceReader } from './source-reader.ts';
import type { CpuData, Section, TraceBuffer, TraceOption } from './types.ts';

/** The ten bytes that say what comes: options, a latency text, or CPU data. */
const WORD_SIZE = 10;
const OPTIONS_WORD = 'options';
const LATENCY_WORD = 'latency';
const FLYRECORD_WORD = 'flyrecord';

/** Reads the metadata of a file up to version 6: parts in a fixed order, none of which says where the next one is. */
export async function readV6(context: OpenContext): Promise<Contents> {
  const { source, header, warn } = context;
  const parts = new PartsReader(context);
  await parts.readHeaderInfo();
  await tolerate(context, () => parts.readRest());
  const { sections, texts, options, cpuCount } = parts;
  const facts = decodeOptions(options, { littleEndian: header.littleEndian, sectioned: false }, warn);
  const layout = subBufferLayout(texts.headerPage, { ...header, size: header.pageSize }, source.name);
  const buffers = await openBuffers(context, parts, facts, layout);
  facts.traceClock = buffers[0]?.clock || facts.traceClock;
  const find = (id: number): Section | undefined => sections.find((section) => section.id === id);
  return { sections, optionSections: [], options, facts, texts, buffers, cpuCount, find };
}

/** The parts before the data, one after the other. What was read before a cut stays. */
class PartsReader {
  readonly sections: Section[] = [];
  readonly texts = noTexts();
  readonly options: TraceOption[] = [];
  cpuCount = 0;
  /** What kind of data follows at the reader's position; empty where the file ends before. */
  dataWord = '';
  readonly reader: SourceReader;
  readonly #name: string;

  constructor({ source, header }: OpenContext) {
    this.#name = source.name;
    this.reader = new SourceReader(source, header.littleEndian, source.name, header.end);
  }

  /** Without this part nothing that follows means anything. */
  async readHeaderInfo(): Promise<void> {
    await this.#part(SECTION.HEADER_INFO, () => readHeaderInfo(this.reader, this.texts));
  }

  async readRest(): Promise<void> {
    const { reader, texts } = this;
    await this.#part(SECTION.FTRACE_EVENTS, () => readFtraceFormats(reader, texts));
    await this.#part(SECTION.EVENT_FORMATS, () => readEventFormats(reader, texts));
    await this.#part(SECTION.KALLSYMS, async () => reader.skip(await reader.u32()));
    await this.#part(SECTION.PRINTK, async () => reader.skip(await reader.u32()));
    await this.#part(SECTION.CMDLINES, async () => reader.skip(await reader.u64()));
    reader.subject = `${this.#name}: CPU count`;
    this.cpuCount = await reader.u32();
    if (this.cpuCount > MOST_CPUS) throw new TandemError('CORRUPT', reader.subject, `${this.cpuCount} CPUs`);
    reader.subject = `${this.#name}: options`;
    const word = await readWord(reader);
    if (word === OPTIONS_WORD) {
      await parseOptions(reader, false, (option) => this.options.push({ ...option, block: 0 }));
      reader.subject = `${this.#name}: kind of data`;
      this.dataWord = await readWord(reader);
    } else this.dataWord = word;
  }

  async #part(id: number, read: () => Promise<void>): Promise<void> {
    this.reader.subject = `${this.#name}: ${sectionName(id)}`;
    const offset = this.reader.position;
    await read();
    const storedSize = this.reader.position - offset;
    const rest = { compressed: false, flags: 0, descriptionOffset: -1, description: '' };
    this.sections.push({ id, offset, bodyOffset: offset, storedSize, ...rest });
  }
}

/** One of the ten-byte words, up to its blanks or NUL. */
async function readWord(reader: SourceReader): Promise<string> {
  const bytes = await reader.bytes(WORD_SIZE);
  return new TextDecoder('latin1').decode(bytes).replace(/[\s\0].*$/s, '');
}

/** The top buffer, whose data follows the options, and the instances that options point to. */
async function openBuffers(
  context: OpenContext,
  { dataWord, reader, cpuCount }: PartsReader,
  facts: OptionFacts,
  layout: SubBufferLayout,
): Promise<TraceBuffer[]> {
  const { source, header, warn } = context;
  const common = { layout, compressed: false, clock: facts.traceClock ?? '' };
  if (dataWord === '') return [];
  if (dataWord === LATENCY_WORD) return [{ ...common, name: '', offset: reader.position, cpus: [], latencyText: true }];
  if (dataWord !== FLYRECORD_WORD) {
    warn(`unknown kind of data '${dataWord}' before ${at(reader.position)}: no events can be read`);
    return [];
  }
  const buffers: TraceBuffer[] = [];
  const add = async (name: string, offset: number, count: number): Promise<void> => {
    const subject = `${source.name}: CPU table at ${at(offset)}`;
    const there = new SourceReader(source, header.littleEndian, subject, offset);
    if ((await readWord(there)) !== FLYRECORD_WORD) throw new TandemError('CORRUPT', subject, 'is not one');
    const cpus = await readCpuTable(there, count);
    warnIfCut(context, name, cpus);
    // The clock's text is there exactly when the option is; one that cannot be read is no loss beside it.
    const clock = facts.traceClock === undefined ? '' : ((await tolerate(context, () => readClock(there))) ?? '');
    buffers.push({ ...common, name, clock: clock || common.clock, offset, cpus, latencyText: false });
  };
  await tolerate(context, () => add('', reader.position - WORD_SIZE, cpuCount));
  for (const option of facts.buffers) {
    await tolerate(context, () => add(option.name, option.offset, option.cpuCount ?? cpuCount));
  }
  return buffers;
}

async function readCpuTable(reader: SourceReader, count: number): Promise<CpuData[]> {
  const cpus: CpuData[] = [];
  for (let cpu = 0; cpu < count; cpu++) cpus.push({ cpu, offset: await reader.u64(), size: await reader.u64() });
  return cpus;
}

async function readClock(reader: SourceReader): Promise<string | undefined> {
  return activeClock(new TextDecoder().decode(await reader.bytes(await reader.u64())));
}
