import { bracketed, readControl } from './tracefs.ts';

/**
 * How a setting reads and how it is written differ:
 * - `value`: reads as it is written, one line (tracing_on, current_tracer, an option).
 * - `mask`: hex digits in groups of eight with commas between, behind as many zeros as the kernel likes.
 * - `choice`: reads as a list with the choice in brackets (trace_clock).
 * - `size`: reads as a number, perhaps with a remark behind it (buffer_size_kb).
 * - `filter`: reads `none` when there is none, which is written as 0. One that was refused is none.
 * - `list`: one entry per line; `none` or a line of `#` when empty (set_event_pid, set_ftrace_filter).
 */
export type SettingKind = 'value' | 'mask' | 'choice' | 'size' | 'filter' | 'list';

/** Reads a setting in the form in which it is written. */
export function readSetting(kind: SettingKind, path: string): string {
  const text = readControl(path);
  switch (kind) {
    case 'value':
      return text.trim();
    case 'mask':
      return text.trim().replace(/^[0,]+(?=.)/, '');
    case 'choice':
      return bracketed(text);
    case 'size':
      // A top buffer that nobody has used yet is small, and grows at its first use.
      return String(Number.parseInt(/expanded: (\d+)/.exec(text)?.[1] ?? text, 10));
    case 'filter':
      return text.trim() === 'none' || refusedFilter(text) !== undefined ? '0' : text.trim();
    case 'list':
      return text
        .split('\n')
        .map((line) => line.trim())
        .filter((line) => line !== '' && !line.startsWith('#') && line !== 'no pid')
        .join('\n');
  }
}

/** The filter that the kernel refused, and shows with a remark on what is wrong; undefined for others. */
export function refusedFilter(text: string): string | undefined {
  return /^(.*)\n[\s\S]*^(?:parse_error: |Error: \()/m.exec(text)?.[1];
}

/** What a list of triggers holds, without the counts that run down. */
export const listEntries = (path: string): string[] =>
  readControl(path)
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.replace(/:(count=\d+|unlimited)/, ''));
