import type { ByteSource } from '../base/byte-source.ts';
import type { Codecs } from './codecs.ts';
import type { Contents } from './contents.ts';
import { SECTION } from './ids.ts';
import { FIRST_VERSION_WITH_SECTIONS, readInitialHeader } from './initial-header.ts';
import { readV6 } from './read-v6.ts';
import { readV7 } from './read-v7.ts';
import { type OpenContext, readBody } from './sections.ts';
import type { TraceFile } from './types.ts';

/** After so many warnings the rest says nothing new. */
const MOST_WARNINGS = 50;

/**
 * Opens a trace.dat of version 6 or 7: reads and checks its metadata, not its events. Large texts wait for
 * `readSection`. What is damaged or cut off becomes a warning as long as something remains to be read; else
 * rejects with a TandemError: NOT_A_TRACE, TRUNCATED, CORRUPT, UNSUPPORTED, or the source's own IO.
 * The source stays the caller's to close, after the last use of the file.
 */
export async function openTrace(source: ByteSource, codecs: Codecs): Promise<TraceFile> {
  const header = await readInitialHeader(source);
  const warnings: string[] = [];
  const warn = (text: string): void => {
    // Names out of a damaged file may hold anything.
    if (warnings.length < MOST_WARNINGS) warnings.push(text.replace(/[\0-\x1f\x7f]/g, '?'));
    else if (warnings.length === MOST_WARNINGS) warnings.push('and more of that kind');
  };
  const context: OpenContext = { source, codecs, header, warn };
  const sectioned = header.version >= FIRST_VERSION_WITH_SECTIONS;
  const contents = await (sectioned ? readV7(context) : readV6(context));
  const { sections, optionSections, options, facts, texts, buffers } = contents;
  return {
    source,
    codecs,
    header,
    sections,
    optionSections,
    options,
    texts,
    buffers,
    cpuCount: cpuCount(contents),
    traceId: facts.traceId,
    guests: facts.guests,
    timeShift: facts.timeShift,
    tscToNanoseconds: facts.tscToNanoseconds,
    traceClock: facts.traceClock,
    dateOffset: facts.dateOffset,
    tsOffset: facts.tsOffset,
    uname: facts.uname,
    tracerVersion: facts.tracerVersion,
    cpuStats: facts.cpuStats,
    warnings,
    readSection: (id) => readSection(context, contents, id),
  };
}

/** The highest of: the v6 count, option CPUCOUNT, and the CPUs of the top buffer. */
function cpuCount({ cpuCount: stored, facts, buffers }: Contents): number {
  const listed = buffers.find(({ name }) => name === '')?.cpus.map(({ cpu }) => cpu + 1) ?? [];
  return listed.reduce((highest, count) => Math.max(highest, count), Math.max(stored, facts.cpuCount));
}

/** Bytes of the size in front of a text section's text. */
const SIZE_WORDS: Readonly<Record<number, 4 | 8>> = {
  [SECTION.KALLSYMS]: 4,
  [SECTION.PRINTK]: 4,
  [SECTION.CMDLINES]: 8,
};

async function readSection(context: OpenContext, { find }: Contents, id: number): Promise<Uint8Array | undefined> {
  const section = find(id);
  if (!section) return undefined;
  const body = await readBody(context, section);
  const sizeWord = SIZE_WORDS[id];
  if (sizeWord === undefined) return body;
  if (body.length < sizeWord) return new Uint8Array(0);
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const { littleEndian } = context.header;
  const size = sizeWord === 4 ? view.getUint32(0, littleEndian) : Number(view.getBigUint64(0, littleEndian));
  return body.subarray(sizeWord, Math.min(sizeWord + size, body.length));
}
