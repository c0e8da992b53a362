import { findField } from '../format/event-format.ts';
import { EventTable } from '../format/event-table.ts';
import { smallReader } from '../format/field-reader.ts';
import { Correction, type CorrectionMode } from '../time/correction.ts';
import type { Ticks } from '../time/types.ts';
import { bufferTimes } from '../timeline/buffer-times.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import { STREAM_END, STREAM_RECORD } from '../trace-file/stream-types.ts';
import type { CpuData, TraceBuffer, TraceFile } from '../trace-file/types.ts';

/** Task switches of one CPU, in the order of its ring buffer. */
export interface Switches {
  /** Which task gave way to which: equal for two that are the same switch. */
  readonly pairs: readonly number[];
  /** Stamps as recorded and corrected ones, less `Bases`. */
  readonly raw: readonly number[];
  readonly corrected: readonly number[];
  /** Events of any kind that the kernel had no room for. */
  readonly lost: number;
}

/** What times count from, so that they are exact as numbers. */
export interface Bases {
  readonly raw: bigint;
  readonly corrected: bigint;
}

const TWO_32 = 0x1_0000_0000;
const TWO_22 = 0x40_0000;
const WINDOW_BYTES = 1 << 18;

/** Times of a file's first event. */
export async function basesOf(trace: TraceFile, mode: CorrectionMode): Promise<Bases> {
  const top = topBuffer(trace);
  for (const { cpu, size } of top.cpus) {
    if (size === 0) continue;
    const raw = await openCpuStream(trace, top, cpu, { windowBytes: WINDOW_BYTES, lookahead: false }).firstTime();
    if (raw !== undefined) return { raw, corrected: correctionOf(trace, top, cpu, mode).correct(raw as Ticks) };
  }
  return { raw: 0n, corrected: 0n };
}

/** Reads the sched_switch events of a file's top buffer, by CPU. */
export async function readSwitches(trace: TraceFile, bases: Bases, mode: CorrectionMode): Promise<Switches[]> {
  const top = topBuffer(trace);
  const switches: Switches[] = [];
  for (const data of top.cpus) switches[data.cpu] = await readCpu(trace, top, data, bases, mode);
  return switches;
}

async function readCpu(
  trace: TraceFile,
  top: TraceBuffer,
  { cpu }: CpuData,
  bases: Bases,
  mode: CorrectionMode,
): Promise<Switches> {
  const { littleEndian } = trace.header;
  const event = switchEvent(trace, top);
  const stream = openCpuStream(trace, top, cpu, { windowBytes: WINDOW_BYTES, lookahead: false });
  const correction = correctionOf(trace, top, cpu, mode);
  const found = { pairs: [] as number[], raw: [] as number[], corrected: [] as number[], lost: 0 };
  const [rawHi, rawLo] = halves(bases.raw);
  const [baseHi, baseLo] = halves(bases.corrected);
  const { record } = stream;
  for (let state = stream.advance(); state !== STREAM_END; state = stream.advance()) {
    if (state !== STREAM_RECORD) {
      await stream.load();
      continue;
    }
    if (record.missed !== 0 && found.pairs.length > 0) found.lost += Math.max(1, record.missed);
    if (record.view.getUint16(record.start, littleEndian) !== event.id) continue;
    correction.apply(record.tsHi, record.tsLo);
    found.pairs.push(event.from(record) * TWO_22 + event.to(record));
    found.raw.push((record.tsHi - rawHi) * TWO_32 + (record.tsLo - rawLo));
    found.corrected.push((correction.outHi - baseHi) * TWO_32 + (correction.outLo - baseLo));
  }
  return found;
}

/** Pids have at most 22 bits. */
function switchEvent(trace: TraceFile, top: TraceBuffer) {
  const formats = trace.texts.systems.flatMap(({ name, formats }) => formats.map((text) => ({ system: name, text })));
  const event = EventTable.parse(formats, { longSize: top.layout.commitSize }).find('sched', 'sched_switch');
  const [from, to] = ['prev_pid', 'next_pid'].map((name) => event && findField(event, name));
  if (!event || !from || !to) throw new Error(`${trace.source.name} has no sched_switch`);
  const { littleEndian } = trace.header;
  return { id: event.id, from: smallReader(from, littleEndian), to: smallReader(to, littleEndian) };
}

function topBuffer({ buffers, source }: TraceFile): TraceBuffer {
  const top = buffers.find(({ name }) => name === '');
  if (top === undefined) throw new Error(`${source.name} has no top buffer`);
  return top;
}

function correctionOf(trace: TraceFile, buffer: TraceBuffer, cpu: number, mode: CorrectionMode): Correction {
  return new Correction(cpu, bufferTimes(trace, buffer, { mode, rawTimes: false, ignoreDate: false, offset: 0n }));
}

const halves = (value: bigint): [hi: number, lo: number] => [Number(value >> 32n), Number(value & 0xffff_ffffn)];
