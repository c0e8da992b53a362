import { SECTION_POINTERS } from '../trace-file/decode-options.ts';
import { OPTION, SECTION } from '../trace-file/ids.ts';
import type { TraceFile } from '../trace-file/types.ts';
import type { TraceContent } from '../trace-file/write/content.ts';

/* What a trace file has, as content of another one. */

export type Symbols = Pick<TraceContent, 'kallsyms' | 'printkFormats' | 'commandLines'>;

/** What the writer makes itself: places in the file. */
const NOT_COPIED: ReadonlySet<number> = new Set([...SECTION_POINTERS, OPTION.DONE, OPTION.BUFFER]);

/** Its formats and options, for a file of that version. */
export function contentOf(file: TraceFile, version: 6 | 7): Omit<TraceContent, keyof Symbols | 'buffers'> {
  return {
    littleEndian: file.header.littleEndian,
    userLongSize: file.header.userLongSize === 4 ? 4 : 8,
    texts: file.texts,
    cpuCount: file.cpuCount,
    options: file.options.filter(({ id }) => !NOT_COPIED.has(id) && !(version === 6 && id === OPTION.CPUCOUNT)),
  };
}

/** Its symbols and task names; empty where it has none. */
export async function symbolsIn(file: TraceFile): Promise<Symbols> {
  const section = async (id: number): Promise<Uint8Array> => (await file.readSection(id)) ?? new Uint8Array(0);
  return {
    kallsyms: await section(SECTION.KALLSYMS),
    printkFormats: await section(SECTION.PRINTK),
    commandLines: await section(SECTION.CMDLINES),
  };
}
