import { subBufferLayout } from '../ring-buffer/layout.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import { CHUNK_COUNT_SIZE, readChunkHeader } from './chunks.ts';
import { chunkBounds } from './codecs.ts';
import { MOST_CPUS } from './decode-options.ts';
import { SECTION } from './ids.ts';
import type { MutableTexts } from './metadata-texts.ts';
import { describe, type OpenContext } from './sections.ts';
import { SourceReader } from './source-reader.ts';
import type { CpuData, Section, TraceBuffer } from './types.ts';

/** Bytes read at a time while sub-buffers are searched for the place where time goes back. */
const SEARCH_WINDOW = 1 << 20;

/**
 * Buffers whose option was lost with the end of the file: their data lies in BUFFER sections that no option names.
 * Which CPU is which is a guess, in file order: a CPU without data leaves no trace. So are names and sub-buffer sizes
 * of instances.
 */
export async function salvageBuffers(
  context: OpenContext,
  sections: readonly Section[],
  known: readonly TraceBuffer[],
  texts: MutableTexts,
  traceClock: string | undefined,
): Promise<TraceBuffer[]> {
  const { source, header, warn } = context;
  const offsets = new Set(known.map(({ offset }) => offset));
  const found: TraceBuffer[] = [];
  for (const section of sections) {
    if (section.id !== SECTION.BUFFER || offsets.has(section.offset)) continue;
    const layout = subBufferLayout(texts.headerPage, { ...header, size: header.pageSize }, source.name);
    // A writer that was stopped has not filled in the size: then the data is all that follows.
    const end = section.storedSize > 0 ? section.bodyOffset + section.storedSize : source.size;
    const search = section.compressed ? findCompressedCpus : findPlainCpus;
    const cpus = await search(context, section, Math.min(end, source.size), layout);
    const name = salvagedName(section, known.length + found.length);
    const { offset, compressed } = section;
    found.push({ name, clock: traceClock ?? '', layout, compressed, offset, cpus, latencyText: false });
    const taken = cpus.length === 1 ? 'one CPU' : `${cpus.length} CPUs`;
    const whose = name === '' ? 'the top buffer' : `buffer '${name}'`;
    warn(
      `section ${describe(section)} holds events that no option describes: ` +
        `taken for ${taken} of ${whose}, numbered in file order`,
    );
  }
  return found;
}

/** The name that ends the section's description; without one, the first buffer is the top one. */
function salvagedName(section: Section, index: number): string {
  const described = /^buffer flyrecord (.*)$/.exec(section.description)?.[1];
  return described ?? (index === 0 ? '' : `buffer-${index}`);
}

const align = (offset: number, unit: number): number => Math.ceil(offset / unit) * unit;

/** Per CPU a count and so many chunks, each CPU's at the next multiple of the sub-buffer size. */
async function findCompressedCpus(
  context: OpenContext,
  section: Section,
  end: number,
  layout: SubBufferLayout,
): Promise<CpuData[]> {
  const { source, header } = context;
  const cpus: CpuData[] = [];
  let offset = align(section.bodyOffset, layout.size);
  while (offset + CHUNK_COUNT_SIZE <= end && cpus.length < MOST_CPUS) {
    const reader = new SourceReader(source, header.littleEndian, source.name, offset, end);
    const count = await reader.u32();
    if (count === 0) break;
    let complete = true;
    for (let i = 0; i < count && complete; i++) {
      const chunk = await readChunkHeader(reader, chunkBounds(layout.size));
      complete = chunk !== undefined && chunk.size % layout.size === 0 && chunk.storedSize <= reader.remaining;
      if (complete) reader.skip(chunk?.storedSize ?? 0);
    }
    // An incomplete CPU is the last one: its end is where the file ends.
    const size = (complete ? reader.position : end) - offset - CHUNK_COUNT_SIZE;
    if (size > 0) cpus.push({ cpu: cpus.length, offset, size });
    if (!complete) break;
    offset = align(reader.position, layout.size);
  }
  return cpus;
}

/** Sub-buffers follow each other without gaps; the next CPU begins where time goes back. */
async function findPlainCpus(
  { source, header }: OpenContext,
  section: Section,
  end: number,
  layout: SubBufferLayout,
): Promise<CpuData[]> {
  const cpus: CpuData[] = [];
  const start = align(section.bodyOffset, layout.size);
  let cpuStart = start;
  let before = 0n;
  const perWindow = Math.max(1, Math.floor(SEARCH_WINDOW / layout.size));
  const window = new Uint8Array(perWindow * layout.size);
  const view = new DataView(window.buffer);
  for (let at = start; at < end && cpus.length < MOST_CPUS; at += window.length) {
    const available = Math.min(await source.readInto(window, at), end - at);
    for (let page = 0; page + layout.dataOffset <= available; page += layout.size) {
      const time = view.getBigUint64(page, header.littleEndian);
      // A sub-buffer of zeros has no time.
      if (time === 0n) continue;
      if (time < before) {
        cpus.push({ cpu: cpus.length, offset: cpuStart, size: at + page - cpuStart });
        cpuStart = at + page;
      }
      before = time;
    }
  }
  if (end > cpuStart) cpus.push({ cpu: cpus.length, offset: cpuStart, size: end - cpuStart });
  return cpus;
}
