import { utf8 } from '../../base/byte-writer.ts';
import type { TraceBuffer, TraceFile } from '../../trace-file/types.ts';

/** The names that lines begin with, where there are several files or buffers. */
export interface Prefixes {
  /** Of the `cpus=` line of each file. */
  readonly headings: readonly Uint8Array[];
  /** Of the lines of a file's buffer. */
  of(file: number, buffer: TraceBuffer): Uint8Array;
}

const NONE = new Uint8Array(0);
const baseName = (path: string): string => path.slice(path.lastIndexOf('/') + 1);
const isTop = ({ name }: TraceBuffer): boolean => name === '';

/**
 * As trace-cmd has it: files are named if there are several, else their top buffer is not; instances are named after
 * themselves. All names are aligned to the right; the headings only to what is known when they are printed, and that
 * of an only file has no prefix at all.
 */
export function prefixesOf(files: readonly { label: string; trace: Pick<TraceFile, 'buffers'> }[]): Prefixes {
  const several = files.length > 1;
  const lengthOf = (name: string) => utf8(name).length;
  let width = several ? Math.max(0, ...files.map(({ label }) => lengthOf(label))) : 0;
  const aligned = (name: string) => utf8(`${' '.repeat(Math.max(0, width - lengthOf(name)))}${name}: `);
  const headings: Uint8Array[] = [];
  for (const { label, trace } of files) {
    headings.push(several ? aligned(label) : NONE);
    for (const buffer of trace.buffers) if (!isTop(buffer)) width = Math.max(width, lengthOf(baseName(buffer.name)));
  }
  const named = several || files.some(({ trace }) => trace.buffers.some((buffer) => !isTop(buffer)));
  return {
    headings,
    of(file, buffer) {
      if (!named) return NONE;
      if (!isTop(buffer)) return aligned(baseName(buffer.name));
      return several ? aligned((files[file] as { label: string }).label) : utf8(' '.repeat(width + 2));
    },
  };
}
