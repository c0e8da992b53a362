import { at, OPTION } from './ids.ts';
import { type DecodedTimeShift, decodeTimeShift } from './time-shift.ts';
import type { CpuData, GuestInfo, TimeShift, TraceOption, TscToNanoseconds } from './types.ts';

/** Where option BUFFER or BUFFER_TEXT says a buffer is. The v7 part is absent in v6. */
export interface BufferOption {
  readonly offset: number;
  readonly name: string;
  readonly latencyText: boolean;
  readonly v7?: { readonly clock: string; readonly pageSize: number; readonly cpus: readonly CpuData[] };
  /** v6: the CPU count of an instance that differs from the machine's. */
  cpuCount?: number;
}

/** What the options of a file say, all chained sections together. */
export interface OptionFacts {
  traceId: bigint | undefined;
  readonly guests: GuestInfo[];
  timeShift: TimeShift | undefined;
  tscToNanoseconds: TscToNanoseconds | undefined;
  traceClock: string | undefined;
  dateOffset: bigint;
  tsOffset: bigint;
  uname: string | undefined;
  tracerVersion: string | undefined;
  readonly cpuStats: string[];
  /** Highest CPUCOUNT; 0 without that option. */
  cpuCount: number;
  readonly buffers: BufferOption[];
  /** Section offsets by section id, the last one of each. */
  readonly sectionOffsets: Map<number, number>;
}

/** More CPUs than Linux can be built for; beyond it a count is damage. */
export const MOST_CPUS = 1 << 16;

const decoder = new TextDecoder();

/** Reads the fields of one option's data one after the other; past the end they are undefined. */
class OptionData {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  #at = 0;

  constructor(bytes: Uint8Array, littleEndian: boolean) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
  }

  get remaining(): number {
    return this.bytes.length - this.#at;
  }

  /** Passes over `count` bytes and returns where they are; undefined where fewer are left. */
  #take(count: number): number | undefined {
    if (this.remaining < count) return undefined;
    this.#at += count;
    return this.#at - count;
  }

  u32(): number | undefined {
    const offset = this.#take(4);
    return offset === undefined ? undefined : this.#view.getUint32(offset, this.#littleEndian);
  }

  u64(): bigint | undefined {
    const offset = this.#take(8);
    return offset === undefined ? undefined : this.#view.getBigUint64(offset, this.#littleEndian);
  }

  /** A file offset or size. */
  offset(): number | undefined {
    const value = this.u64();
    return value === undefined ? undefined : Number(value);
  }

  /** A string with its NUL; undefined where the NUL is missing. */
  cString(): string | undefined {
    const end = this.bytes.indexOf(0, this.#at);
    if (end < 0) return undefined;
    const text = decoder.decode(this.bytes.subarray(this.#at, end));
    this.#at = end + 1;
    return text;
  }

  /** The whole as a text: up to its first NUL, which may be missing. */
  text(): string {
    const end = this.bytes.indexOf(0);
    return decoder.decode(end < 0 ? this.bytes : this.bytes.subarray(0, end));
  }
}

/** An integer as C's strtoll reads it with base 0: blanks, sign, 0x, 0, decimal; 0 where there is none. */
function cInteger(text: string): bigint {
  const match = /^\s*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(text);
  if (!match) return 0n;
  const digits = match[2] as string;
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return BigInt.asIntN(64, match[1] === '-' ? -value : value);
}

/** The active one, in brackets, of a trace_clock text. */
export function activeClock(text: string): string | undefined {
  return /\[\s*([^\]\s]+)/.exec(text)?.[1];
}

function decodeGuest(data: OptionData): GuestInfo | undefined {
  const name = data.cString();
  const traceId = data.u64();
  const count = data.u32();
  if (name === undefined || traceId === undefined || count === undefined || 8 * count > data.remaining)
    return undefined;
  const vcpus = Array.from({ length: count }, () => ({ cpu: data.u32() ?? 0, pid: (data.u32() ?? 0) | 0 }));
  return { name, traceId, vcpus };
}

function decodeTscToNanoseconds(data: OptionData): TscToNanoseconds | undefined {
  const multiplier = data.u32();
  const shift = data.u32();
  const offset = data.u64();
  if (multiplier === undefined || shift === undefined || offset === undefined) return undefined;
  return { multiplier, shift, offset };
}

function decodeBuffer(data: OptionData, id: number, sectioned: boolean): BufferOption | undefined {
  const offset = data.offset();
  const name = data.cString();
  if (offset === undefined || name === undefined) return undefined;
  const latencyText = id === OPTION.BUFFER_TEXT;
  if (!sectioned) return { offset, name, latencyText };
  const clock = data.cString();
  if (clock === undefined) return undefined;
  if (latencyText) return { offset, name, latencyText, v7: { clock, pageSize: 0, cpus: [] } };
  const pageSize = data.u32();
  const count = data.u32();
  if (pageSize === undefined || count === undefined || 20 * count > data.remaining) return undefined;
  const cpus = Array.from({ length: count }, () => ({
    cpu: data.u32() ?? 0,
    offset: data.offset() ?? 0,
    size: data.offset() ?? 0,
  }));
  return { offset, name, latencyText, v7: { clock, pageSize, cpus } };
}

/**
 * Decodes the options that reading needs; all others stay in TraceFile.options as they are.
 * What is too short for its kind is left out with a warning. `sectioned` tells v7 from v6.
 */
export function decodeOptions(
  options: readonly TraceOption[],
  file: { readonly littleEndian: boolean; readonly sectioned: boolean },
  warn: (text: string) => void,
): OptionFacts {
  const facts: OptionFacts = {
    traceId: undefined,
    guests: [],
    timeShift: undefined,
    tscToNanoseconds: undefined,
    traceClock: undefined,
    dateOffset: 0n,
    tsOffset: 0n,
    uname: undefined,
    tracerVersion: undefined,
    cpuStats: [],
    cpuCount: 0,
    buffers: [],
    sectionOffsets: new Map(),
  };
  const timeShifts: TraceOption[] = [];
  for (const option of options) {
    if (option.id === OPTION.TIME_SHIFT) timeShifts.push(option);
    else if (!decodeOption(option, new OptionData(option.data, file.littleEndian), file.sectioned, facts)) {
      warn(`option ${option.id} at ${at(option.offset)} is damaged (${option.data.length} bytes) and ignored`);
    }
  }
  for (const option of timeShifts) {
    const decoded: DecodedTimeShift = decodeTimeShift(option.data, file.littleEndian, facts.cpuCount);
    facts.timeShift = decoded.timeShift ?? facts.timeShift;
    if (decoded.warning) warn(`option TIME_SHIFT at ${at(option.offset)} ${decoded.warning}`);
  }
  return facts;
}

/** Enters one option into the facts. False when its data is too short for its kind. */
function decodeOption(option: TraceOption, data: OptionData, sectioned: boolean, facts: OptionFacts): boolean {
  switch (option.id) {
    case OPTION.DATE:
      facts.dateOffset = BigInt.asIntN(64, facts.dateOffset + cInteger(data.text()) * 1000n);
      return true;
    case OPTION.OFFSET:
      facts.tsOffset = BigInt.asIntN(64, facts.tsOffset + cInteger(data.text()));
      return true;
    case OPTION.CPUSTAT:
      // The last byte, a NUL, stands for the end of the last line.
      facts.cpuStats.push(`${decoder.decode(data.bytes.subarray(0, -1))}\n`);
      return true;
    case OPTION.TRACECLOCK:
      facts.traceClock = activeClock(data.text()) ?? facts.traceClock;
      return true;
    case OPTION.UNAME:
      facts.uname = data.text();
      return true;
    case OPTION.VERSION:
      facts.tracerVersion = data.text();
      return true;
    case OPTION.TRACEID: {
      const traceId = data.u64();
      facts.traceId = traceId ?? facts.traceId;
      return traceId !== undefined;
    }
    case OPTION.CPUCOUNT:
      return decodeCpuCount(data, sectioned, facts);
    case OPTION.GUEST: {
      const guest = decodeGuest(data);
      if (guest) facts.guests.push(guest);
      return guest !== undefined;
    }
    case OPTION.TSC2NSEC: {
      const decoded = decodeTscToNanoseconds(data);
      facts.tscToNanoseconds = decoded ?? facts.tscToNanoseconds;
      return decoded !== undefined;
    }
    case OPTION.BUFFER:
    case OPTION.BUFFER_TEXT: {
      const buffer = decodeBuffer(data, option.id, sectioned);
      if (buffer) facts.buffers.push(buffer);
      return buffer !== undefined;
    }
    default:
      return !sectioned || !SECTION_POINTERS.has(option.id) || decodeSectionPointer(option.id, data, facts);
  }
}

/** Version 7: options that say where in the file a section is. */
export const SECTION_POINTERS: ReadonlySet<number> = new Set([
  OPTION.HEADER_INFO,
  OPTION.FTRACE_EVENTS,
  OPTION.EVENT_FORMATS,
  OPTION.KALLSYMS,
  OPTION.PRINTK,
  OPTION.CMDLINES,
  OPTION.BTF,
  OPTION.MODULES,
]);

function decodeSectionPointer(id: number, data: OptionData, facts: OptionFacts): boolean {
  const offset = data.offset();
  if (offset !== undefined) facts.sectionOffsets.set(id, offset);
  return offset !== undefined;
}

/** v7: CPUs of the machine. v6: CPUs of the instance that the BUFFER option right before it named. */
function decodeCpuCount(data: OptionData, sectioned: boolean, facts: OptionFacts): boolean {
  const count = data.u32();
  if (count === undefined || count > MOST_CPUS) return false;
  facts.cpuCount = Math.max(facts.cpuCount, count);
  const buffer = facts.buffers.at(-1);
  if (!sectioned && buffer) buffer.cpuCount = count;
  return true;
}
