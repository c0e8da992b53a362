import type { RecordedBuffer } from './session-types.ts';

/** One line per CPU that has something, and a total: `CPU 0  12345 events  1.2 MB`. */
export function summaryLines(buffers: readonly RecordedBuffer[], output: string, fileBytes: number): string[] {
  const lines: string[] = [];
  let [events, bytes] = [0, 0];
  for (const { name, cpus } of buffers) {
    const prefix = name === '' ? '' : `${name} `;
    for (const cpu of cpus) {
      events += cpu.events;
      bytes += cpu.bytes;
      if (cpu.events > 0) lines.push(`${prefix}CPU ${cpu.cpu}: ${plural(cpu.events, 'event')}, ${size(cpu.bytes)}`);
    }
  }
  lines.push(`${output}: ${plural(events, 'event')}, ${size(bytes)} of trace data, ${size(fileBytes)} written`);
  return lines;
}

/** A latency tracer's recording. */
export const latencyLine = (output: string, fileBytes: number): string =>
  `${output}: the text of a latency, ${size(fileBytes)} written`;

/** One line per CPU that lost events; none when nothing was lost. */
export function lossLines(buffers: readonly RecordedBuffer[]): string[] {
  const lost = buffers.flatMap(({ name, cpus }) =>
    cpus
      .filter((cpu) => cpu.lost > 0)
      .map((cpu) => `LOST ${plural(cpu.lost, 'event')} on CPU ${cpu.cpu}${name === '' ? '' : ` of ${name}`}`),
  );
  return lost.length === 0 ? [] : [...lost, 'larger buffers (-b) or fewer events (-e, -f) lose none'];
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? '' : 's'}`;

/** `512 bytes`, `1.5 KB`, `20.3 MB`: powers of 1024. */
export function size(bytes: number): string {
  if (bytes < 1024) return plural(bytes, 'byte');
  const units = ['KB', 'MB', 'GB', 'TB'];
  const power = Math.min(Math.floor(Math.log2(bytes) / 10), units.length);
  return `${(bytes / 1024 ** power).toFixed(1)} ${units[power - 1]}`;
}
