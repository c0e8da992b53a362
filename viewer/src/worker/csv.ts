import type { Row } from '../protocol.ts';

type CsvRow = Row & { readonly file: string; readonly cpu: number };

const COLUMNS = ['file', 'cpu', 'task', 'pid', 'time', 'bound', 'lost', 'system', 'event', 'text'] as const;

export const CSV_HEAD = `${COLUMNS.join(',')}\r\n`;

/** One line per row (RFC 4180). */
export function csvLine({ file, cpu, task, pid, stamp, bound, lost, system, name, text }: CsvRow): string {
  const values = [file, cpu, task, pid, stamp, bound ?? '', lost, system, name, text];
  return `${values.map(csvValue).join(',')}\r\n`;
}

/** Programs that calculate take a text that begins like a formula for one; an apostrophe tells them that it is none. */
function csvValue(value: string | number): string {
  if (typeof value === 'number') return String(value);
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
