import type { ByteSource } from '../base/byte-source.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import type { TimeShift, TscToNanoseconds } from '../time/types.ts';
import type { Codecs } from './codecs.ts';

export type { SyncSample, TimeShift, TscToNanoseconds } from '../time/types.ts';

/** The first bytes of a trace file, before everything else. */
export interface InitialHeader {
  readonly version: number;
  readonly littleEndian: boolean;
  /** Bytes of a long in the program that recorded. The kernel's is SubBufferLayout.commitSize. */
  readonly userLongSize: number;
  /** Bytes of a sub-buffer of the top buffer. */
  readonly pageSize: number;
  /** v7 only: `none`, `zlib`, `zstd` and the version of the library that wrote it. */
  readonly compression: { readonly name: string; readonly version: string };
  /** v7 only: file offset of the first options section. */
  readonly firstOptions: number;
  /** Bytes of this header: where the first section or part begins. */
  readonly end: number;
}

/** A section of a v7 file, or the part of a v6 file that has the same content. */
export interface Section {
  readonly id: number;
  /** File offset of the section header (v7) or of the part (v6). */
  readonly offset: number;
  /** File offset of the body. */
  readonly bodyOffset: number;
  /** Bytes of the body as stored. */
  readonly storedSize: number;
  readonly compressed: boolean;
  readonly flags: number;
  /** Offset of the description in the strings; -1 for none. v6 has none. */
  readonly descriptionOffset: number;
  readonly description: string;
}

/** One option, with the options section it came from. */
export interface TraceOption {
  readonly id: number;
  /** File offset of the option's header. */
  readonly offset: number;
  readonly data: Uint8Array;
  /** Index of the options section in the chain: 0 for the first. */
  readonly block: number;
}

/** Where one CPU's events lie, as the file says: a file that was cut may end before. */
export interface CpuData {
  readonly cpu: number;
  readonly offset: number;
  /** Bytes as stored: with compression, of all chunks, without the count word in front of them. */
  readonly size: number;
}

/** One ring buffer: the top one, or an instance. */
export interface TraceBuffer {
  /** Empty for the top buffer. */
  readonly name: string;
  /** The clock's name; empty where the file does not say (v6 without the option). */
  readonly clock: string;
  readonly layout: SubBufferLayout;
  readonly compressed: boolean;
  /** Section header's file offset (v7) or the flyrecord's (v6). */
  readonly offset: number;
  /** CPUs in file order; those without data have size 0 or are absent. */
  readonly cpus: readonly CpuData[];
  /** The `trace` file's text of a latency recording, instead of CPU data. */
  readonly latencyText: boolean;
}

/** Option GUEST: one guest that was recorded together with this host. */
export interface GuestInfo {
  readonly name: string;
  readonly traceId: bigint;
  /** Host thread of each guest CPU; pid -1 where unknown. */
  readonly vcpus: readonly { readonly cpu: number; readonly pid: number }[];
}

/** The text parts of a file, as stored, decompressed on demand. */
export interface TraceTexts {
  readonly headerPage: Uint8Array;
  readonly headerEvent: Uint8Array;
  /** Formats of the `ftrace` system. */
  readonly ftraceFormats: readonly Uint8Array[];
  readonly systems: readonly { readonly name: string; readonly formats: readonly Uint8Array[] }[];
}

/** A trace.dat, opened: its metadata read and checked, its events not touched yet. */
export interface TraceFile {
  readonly source: ByteSource;
  /** What decompresses its sections and chunks. */
  readonly codecs: Codecs;
  readonly header: InitialHeader;
  /** In file order. v6: the parts before the CPU count. */
  readonly sections: readonly Section[];
  /** v7: the options sections in chain order; TraceOption.block is an index into it. */
  readonly optionSections: readonly Section[];
  /** In chain order, with DONE. */
  readonly options: readonly TraceOption[];
  readonly texts: TraceTexts;
  readonly buffers: readonly TraceBuffer[];
  /** CPUs of the machine, as `cpus=` prints: the highest of all hints. */
  readonly cpuCount: number;
  /** Trace id of this file; undefined in files that no sync was recorded for. */
  readonly traceId: bigint | undefined;
  readonly guests: readonly GuestInfo[];
  readonly timeShift: TimeShift | undefined;
  readonly tscToNanoseconds: TscToNanoseconds | undefined;
  /** Active clock by option TRACECLOCK or the v6 clock text; undefined where neither is there. */
  readonly traceClock: string | undefined;
  /** Sum of the DATE options in ns; sum of the OFFSET options in ns. */
  readonly dateOffset: bigint;
  readonly tsOffset: bigint;
  readonly uname: string | undefined;
  readonly tracerVersion: string | undefined;
  /** CPUSTAT texts in file order. */
  readonly cpuStats: readonly string[];
  /** What was missing or odd, one line each; the rest of the file is readable all the same. */
  readonly warnings: readonly string[];
  /**
   * The body of a section by its id (see ids.ts), decompressed; undefined if absent. Of kallsyms, printk formats
   * and command lines it is the text alone, without the size in front. Read anew each time: keep what it gives.
   */
  readSection(id: number): Promise<Uint8Array | undefined>;
}
