import { OPTION } from '../ids.ts';
import type { GuestInfo, SyncSample, TimeShift, TraceTexts, TscToNanoseconds } from '../types.ts';
import { encodeBounds } from './bounds.ts';
import { Encoder } from './encoder.ts';

/** Where there is no buffer to tell it. */
export const USUAL_PAGE_SIZE = 4096;

/** What a writer is given: a trace in all its parts, but for the events, which it takes from a `CpuContent`. */
export interface TraceContent {
  readonly littleEndian: boolean;
  /** Bytes of a long in the recording program, for the initial header. */
  readonly userLongSize: 4 | 8;
  readonly texts: TraceTexts;
  readonly kallsyms: Uint8Array;
  readonly printkFormats: Uint8Array;
  readonly commandLines: Uint8Array;
  /** CPUs of the machine. */
  readonly cpuCount: number;
  /** Everything that is neither a pointer into the file nor a buffer, in the order in which it is written. */
  readonly options: readonly OptionContent[];
  /** The top buffer (named "") first, then the instances. */
  readonly buffers: readonly BufferContent[];
  /** Bytes of a sub-buffer, where there are no buffers yet to tell it. */
  readonly pageSize?: number | undefined;
  /** What a latency tracer gave, instead of buffers. */
  readonly latency?: LatencyText;
}

export interface LatencyText {
  readonly text: Uint8Array;
  /** Name of the clock of its times. */
  readonly clock: string;
}

export interface OptionContent {
  readonly id: number;
  readonly data: Uint8Array;
  /** Bytes that go behind the end of the options, where stock readers don't look. Version 6 has no such place. */
  readonly behind?: Uint8Array | undefined;
}

export interface BufferContent {
  readonly name: string;
  /** Name of its clock: `local`, `tsc2nsec`. */
  readonly clock: string;
  /** Bytes of a sub-buffer. */
  readonly pageSize: number;
  readonly cpus: readonly CpuContent[];
}

/** The sub-buffers of one CPU, wherever they are. */
export interface CpuContent {
  readonly cpu: number;
  /** Bytes: a multiple of the page size. */
  readonly size: number;
  /** Reads a part: as much as the target holds. */
  readInto(target: Uint8Array, offset: number): Promise<void>;
}

/** The file that is written: appended to, and patched where an offset is known only later. */
export interface TraceSink {
  /** Bytes written so far: where the next append goes. */
  readonly position: number;
  append(bytes: Uint8Array): Promise<void>;
  /** Appends all of a CPU's data, in the quickest way there is between the two places. */
  appendData(data: CpuContent): Promise<void>;
  patch(offset: number, bytes: Uint8Array): Promise<void>;
}

/** Compresses chunks and sections. The name and version go into the file's header. */
export interface Compressor {
  readonly name: 'zlib' | 'zstd';
  readonly version: string;
  /** How many blocks it can have in work at the same time. */
  readonly lanes: number;
  /**
   * Compresses a block in pieces of `chunkSize` bytes (the last may be shorter), each for itself, in order.
   * When they are there, the block's memory may be used for another one.
   */
  compress(block: Uint8Array, chunkSize: number): Promise<readonly Uint8Array[]>;
}

/** An option whose data is text; a NUL is added, as every reader expects it. */
export function textOption(id: number, text: string): OptionContent {
  return { id, data: new Encoder(true).string(text).finish() };
}

export function traceIdOption(traceId: bigint, littleEndian: boolean): OptionContent {
  return { id: OPTION.TRACEID, data: new Encoder(littleEndian).u64(traceId).finish() };
}

export function tscOption(tsc: TscToNanoseconds, littleEndian: boolean): OptionContent {
  const data = new Encoder(littleEndian).u32(tsc.multiplier).u32(tsc.shift).u64(tsc.offset).finish();
  return { id: OPTION.TSC2NSEC, data };
}

export function guestOption(guest: GuestInfo, littleEndian: boolean): OptionContent {
  const data = new Encoder(littleEndian).string(guest.name).u64(guest.traceId).u32(guest.vcpus.length);
  for (const { cpu, pid } of guest.vcpus) data.u32(cpu).u32(pid >>> 0);
  return { id: OPTION.GUEST, data: data.finish() };
}

/**
 * Every CPU's list must have the same length, at least 1: stock readers take all counts from one place.
 * Arrays per CPU, not records: all times, all offsets, all scalings; the fractions of all CPUs at the end. Behind the
 * options the bounds, if any sample has one: in the option itself, stock dump would take them for the next option.
 */
export function timeShiftOption(shift: TimeShift, littleEndian: boolean): OptionContent {
  const data = new Encoder(littleEndian).u64(shift.peerTraceId).u32(shift.flags).u32(shift.cpus.length);
  const column = (samples: readonly SyncSample[], value: (sample: SyncSample) => bigint) => {
    for (const sample of samples) data.u64(value(sample));
  };
  for (const samples of shift.cpus) {
    data.u32(samples.length);
    column(samples, (sample) => sample.time);
    column(samples, (sample) => sample.offset);
    column(samples, (sample) => sample.scaling);
  }
  for (const samples of shift.cpus) column(samples, (sample) => BigInt(sample.fraction));
  return { id: OPTION.TIME_SHIFT, data: data.finish(), behind: encodeBounds(shift, littleEndian) };
}
