import { TandemError } from '../base/errors.ts';
import { subBufferLayout } from '../ring-buffer/layout.ts';
import type { Contents } from './contents.ts';
import { type BufferOption, decodeOptions, MOST_CPUS } from './decode-options.ts';
import { at, SECTION } from './ids.ts';
import { type MutableTexts, noTexts, readEventFormats, readFtraceFormats, readHeaderInfo } from './metadata-texts.ts';
import { salvageBuffers } from './salvage.ts';
import {
  describe,
  describeSections,
  MOST_OPTIONS,
  type OpenContext,
  parseOptions,
  readBody,
  readSectionHeader,
  tolerate,
  walkSections,
  warnIfCut,
} from './sections.ts';
import { SourceReader } from './source-reader.ts';
import { withBounds } from './sync-bounds.ts';
import type { CpuData, Section, TraceBuffer, TraceOption } from './types.ts';

/** Reads the metadata of a file made of sections (v7): the walk over all of them, the chain of options, the texts. */
export async function readV7(context: OpenContext): Promise<Contents> {
  const { source, header, warn } = context;
  const walked = await walkSections(context);
  if (walked.length === 0) {
    throw new TandemError('TRUNCATED', source.name, 'has an initial header and nothing readable behind it');
  }
  const chain = await readOptionChain(context, walked);
  const facts = decodeOptions(chain.options, { littleEndian: header.littleEndian, sectioned: true }, warn);
  for (const bytes of chain.behind) {
    if (facts.timeShift) facts.timeShift = withBounds(facts.timeShift, bytes, header.littleEndian);
  }
  const pointed = [...facts.sectionOffsets.values(), ...facts.buffers.map(({ offset }) => offset)];
  const sections = await describeSections(context, await withPointed(context, walked, chain.optionSections, pointed));
  const find = (id: number): Section | undefined => {
    const offset = facts.sectionOffsets.get(id);
    const candidates = sections.filter((section) => section.id === id);
    return candidates.find((section) => section.offset === offset) ?? candidates[0];
  };
  const texts = await readTexts(context, find);
  const buffers: TraceBuffer[] = [];
  for (const option of facts.buffers) {
    const buffer = await tolerate(context, () => openBuffer(context, option, texts));
    if (buffer) buffers.push(buffer);
  }
  if (!chain.complete) {
    const salvage = () => salvageBuffers(context, sections, buffers, texts, facts.traceClock);
    buffers.push(...((await tolerate(context, salvage)) ?? []));
  }
  return { ...chain, sections, facts, texts, buffers, cpuCount: 0, find };
}

interface OptionChain {
  readonly options: TraceOption[];
  readonly optionSections: Section[];
  /** What lies behind the DONE of each section, where anything does. */
  readonly behind: Uint8Array[];
  /** False where the chain breaks off, as it does in a file that is cut. */
  readonly complete: boolean;
}

async function readOptionChain(context: OpenContext, walked: readonly Section[]): Promise<OptionChain> {
  const { source, header, warn } = context;
  const options: TraceOption[] = [];
  const optionSections: Section[] = [];
  const behind: Uint8Array[] = [];
  const visited = new Set<number>();
  const visit = async (offset: number): Promise<number> => {
    visited.add(offset);
    const section = await readSectionHeader(context, offset);
    if (section.id !== SECTION.OPTIONS) {
      throw new TandemError('CORRUPT', `${source.name}: section ${describe(section)}`, 'should be an options section');
    }
    const block = optionSections.push(section) - 1;
    return readOptions(context, section, block, options, behind);
  };
  let next = header.firstOptions;
  let complete = next !== 0;
  if (!complete) warn('the recording was not finished: its header does not say where the options are');
  while (next !== 0) {
    const offset = next;
    if (visited.has(offset)) {
      warn(`the options at ${at(offset)} are linked a second time; the chain is left there`);
      break;
    }
    if (offset >= source.size) {
      warn(`the file is cut: options at ${at(offset)} are missing, it ends at ${at(source.size)}`);
      complete = false;
      break;
    }
    next = (await tolerate(context, () => visit(offset))) ?? -1;
    if (next === -1) {
      complete = false;
      break;
    }
  }
  if (!complete) {
    // What the broken chain does not lead to may still be there.
    const rest = walked.filter(({ id, offset }) => id === SECTION.OPTIONS && !visited.has(offset));
    for (const { offset } of rest) await tolerate(context, () => visit(offset));
  }
  return { options, optionSections, behind, complete };
}

async function readOptions(
  context: OpenContext,
  section: Section,
  block: number,
  options: TraceOption[],
  behind: Uint8Array[],
): Promise<number> {
  const subject = `${context.source.name}: section ${describe(section)}`;
  const reader = SourceReader.over(await readBody(context, section), context.header.littleEndian, subject);
  const next = await parseOptions(reader, true, (option) => {
    if (options.length >= MOST_OPTIONS) throw new TandemError('CORRUPT', subject, `is beyond ${MOST_OPTIONS} options`);
    options.push({ ...option, offset: section.bodyOffset + option.offset, block });
  });
  if (reader.remaining > 0) behind.push(await reader.bytes(reader.remaining));
  return next;
}

/** Adds the sections that options point to, and the walk missed because a size on its way is damaged. */
async function withPointed(
  context: OpenContext,
  walked: readonly Section[],
  optionSections: readonly Section[],
  offsets: readonly number[],
): Promise<Section[]> {
  const found = new Map([...walked, ...optionSections].map((section) => [section.offset, section]));
  for (const offset of offsets) {
    if (found.has(offset) || offset >= context.source.size) continue;
    const section = await tolerate(context, () => readSectionHeader(context, offset));
    if (section) found.set(offset, section);
  }
  return [...found.values()].sort((a, b) => a.offset - b.offset);
}

async function readTexts(context: OpenContext, find: (id: number) => Section | undefined): Promise<MutableTexts> {
  const texts = noTexts();
  const parts = [
    { id: SECTION.HEADER_INFO, read: readHeaderInfo },
    { id: SECTION.FTRACE_EVENTS, read: readFtraceFormats },
    { id: SECTION.EVENT_FORMATS, read: readEventFormats },
  ];
  for (const { id, read } of parts) {
    const section = find(id);
    if (!section) {
      context.warn(`section ${id} (${SECTION_TEXTS[id]}) is missing`);
      continue;
    }
    await tolerate(context, async () => {
      const subject = `${context.source.name}: section ${describe(section)}`;
      const body = await readBody(context, section);
      await read(SourceReader.over(body, context.header.littleEndian, subject), texts);
    });
  }
  return texts;
}

const SECTION_TEXTS: Readonly<Record<number, string>> = {
  [SECTION.HEADER_INFO]: 'the shape of sub-buffers; 8-byte longs are assumed',
  [SECTION.FTRACE_EVENTS]: "formats of ftrace's own events",
  [SECTION.EVENT_FORMATS]: 'event formats: events cannot be shown by name',
};

async function openBuffer(context: OpenContext, option: BufferOption, texts: MutableTexts): Promise<TraceBuffer> {
  const { source, header, warn } = context;
  const { offset, name, latencyText } = option;
  const { clock, pageSize, cpus } = option.v7 ?? { clock: '', pageSize: header.pageSize, cpus: [] };
  const subject = `${source.name}: buffer '${name}'`;
  const section = await readSectionHeader(context, offset);
  const facts = { ...header, size: latencyText ? header.pageSize : pageSize };
  const layout = subBufferLayout(texts.headerPage, facts, subject);
  const usable: CpuData[] = [];
  for (const data of cpus) {
    if (data.cpu >= MOST_CPUS) warn(`buffer '${name}' lists CPU ${data.cpu}, which is ignored`);
    else usable.push(data);
  }
  warnIfCut(context, name, usable);
  return { name, clock, layout, compressed: section.compressed, offset, cpus: usable, latencyText };
}
