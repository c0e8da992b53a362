import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import type { EventFormat } from '../../format/event-format.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { dataPlaces } from './data-places.ts';
import { eventTimes, fileTimeStyle } from './file-times.ts';
import type { ReportFile } from './report-file.ts';
import type { ReportInput, ReportSettings } from './settings.ts';
import { TimeColumn } from './time-column.ts';

/** What trace-cmd calls the page size of the machine it runs on: that of nearly all. */
const HOST_PAGE_SIZE = 4096;
const STATISTICS_NOTE =
  '\nKernel buffer statistics:\n' +
  '  Note: "entries" are the entries left in the kernel ring buffer and are not\n' +
  '        recorded in the trace data. They should all be zero.\n\n';

/** `-p` */
export const pageSizeAnswer = ({ header }: TraceFile): string =>
  `file page size is ${header.pageSize}, and host page size is ${HOST_PAGE_SIZE}\n`;

/** `-e` */
export function endianAnswer({ header }: TraceFile): string {
  const name = (little: boolean) => (little ? 'little' : 'big');
  const host = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
  return `file is ${name(header.littleEndian)} endian and host is ${name(host)} endian\n`;
}

/** `--check-events`: what is wrong with formats whose events can't be shown at all. */
export const badFormats = ({ events }: ReportFile): string[] => events.errors.map(({ message }) => message);

/** Events that can only be shown by their fields. trace-cmd does not count them as failures. */
export const unprintableEvents = ({ events }: ReportFile): string[] =>
  [...events]
    .filter(({ printFormat }) => printFormat === undefined)
    .map(({ system, name }) => `${system}:${name}: the print format is not understood, its fields are shown`);

/** `-E`: all events that the file describes, by system, name and id. */
export function eventsAnswer({ described }: ReportFile): string {
  const order = (a: EventFormat, b: EventFormat) => compareBytes(a.system, b.system) || compareBytes(a.name, b.name);
  const sorted = [...described].sort((a, b) => order(a, b) || a.id - b.id);
  return sorted.map(({ system, name }) => `${system}:${name}\n`).join('');
}

/** Orders texts by their bytes, as C does. */
function compareBytes(a: string, b: string): number {
  const [left, right] = [utf8(a), utf8(b)];
  const differs = left.findIndex((byte, i) => byte !== right[i]);
  return differs < 0 ? left.length - right.length : (left[differs] as number) - (right[differs] ?? -1);
}

/** `-f`: function names by address. */
export function writeFunctions(out: ByteWriter, { env }: ReportFile): void {
  for (const { hi, lo, name, module } of env.symbols) {
    writeAddress(out, hi, lo);
    out.constant(name);
    if (module !== undefined) {
      out.text(' [');
      out.bytes(module);
      out.text(']');
    }
    out.text('\n');
  }
}

/** `-P`: formats of trace_printk by address. */
export function writePrintkFormats(out: ByteWriter, { env }: ReportFile): void {
  for (const { hi, lo, text } of env.printk) {
    writeAddress(out, hi, lo);
    out.bytes(text);
    out.text('\n');
  }
}

function writeAddress(out: ByteWriter, hi: number, lo: number): void {
  out.hex64(hi, lo, 16);
  out.text(' ');
}

/** `--cpus`, with the times of the first and the last event where they are asked for. */
export async function writeCpus(
  out: ByteWriter,
  input: ReportInput,
  settings: ReportSettings,
  shows: { readonly first: boolean; readonly last: boolean },
): Promise<void> {
  const column = new TimeColumn(fileTimeStyle(input, settings));
  const writeTime = (label: string, time: bigint) => {
    out.text(`\t${label} event:`);
    column.writeNumber(out, Number(time >> 32n), Number(time & 0xffff_ffffn));
  };
  out.text(`List of CPUs in ${input.file.trace.source.name} with data:\n`);
  for (const { cpu, first, last } of await eventTimes(input, settings)) {
    out.text(`  ${cpu}`);
    if (shows.first) writeTime('First', first);
    if (shows.last) writeTime('Last', await last());
    out.text('\n');
  }
}

/** `--stat`, after the heading: what the recorder noted of the buffers, and where the data lies. */
export async function statisticsAnswer(trace: TraceFile): Promise<string> {
  const notes = trace.cpuStats.length > 0 ? `${trace.cpuStats.join('')}\n` : ' No stats in this file\n';
  const top = trace.buffers.find(({ name }) => name === '');
  const places = top && (await dataPlaces(trace)).get(top);
  const lines = (places ?? []).map(
    ({ cpu, offset, size }) =>
      `CPU${cpu} data recorded at offset=0x${offset.toString(16)}\n    ${size} bytes in size\n`,
  );
  return STATISTICS_NOTE + notes + lines.join('');
}

/** `--uname` */
export const unameAnswer = ({ uname }: TraceFile): string => `${uname ?? ' uname was not recorded in this file'}\n`;

/** `--version` */
export const versionAnswer = ({ tracerVersion }: TraceFile): string =>
  `${tracerVersion ?? ' version was not recorded in this file'}\n`;
