import { deflateSync } from 'node:zlib';
import type { SubBufferLayout } from '../../src/ring-buffer/record-cursor.ts';
import { buildPages, type EventSpec } from './build-pages.ts';
import { ByteBuilder } from './byte-builder.ts';

/**
 * Makes trace.dat files for tests, versions 6 and 7, that the real trace-cmd accepts (as far as the spec is sane:
 * 3.1.6 has no zlib). Everything has a default; the smallest call is
 * `buildTrace({ systems: [{ name: 'sys', formats: [FORMAT] }], buffers: [{ cpus: [{ cpu: 0, events }] }] })`.
 */
export interface TraceSpec {
  readonly version?: 6 | 7;
  readonly littleEndian?: boolean;
  /** Bytes of the kernel's and of the recorder's long. */
  readonly longSize?: 4 | 8;
  /** Sub-buffer size of the top buffer, and of all buffers of v6. */
  readonly pageSize?: number;
  readonly compression?: 'none' | 'zlib' | 'zstd';
  /** Default: a text that describes longSize and pageSize. */
  readonly headerPage?: string;
  readonly ftraceFormats?: readonly string[];
  readonly systems?: readonly { readonly name: string; readonly formats: readonly string[] }[];
  readonly kallsyms?: string;
  readonly printk?: string;
  readonly cmdlines?: string;
  /** v6 CPU count, v7 option CPUCOUNT. Default: the highest CPU of all buffers + 1. */
  readonly cpuCount?: number;
  /** Option TRACECLOCK. Default `[local]`; null leaves the option out (and v6's clock text with it). */
  readonly traceClock?: string | null;
  /** More options, in the first options section. */
  readonly options?: readonly OptionSpec[];
  /** The first one should be the top buffer (name ''); trace-cmd needs it. */
  readonly buffers?: readonly BufferSpec[];
  /** A latency recording: this text instead of `buffers`. */
  readonly latencyText?: string;
  /** v7: sections that nothing points to, behind the metadata. */
  readonly extraSections?: readonly { readonly id: number; readonly body: Uint8Array; readonly flags?: number }[];
  /** v7: how many STRINGS sections hold the descriptions; 0 leaves them out. Default 1. */
  readonly stringsSections?: 0 | 1 | 2;
  /** v7: compress the options sections too. */
  readonly compressOptions?: boolean;
  /** v7: sub-buffers per compressed chunk. Default 10, as trace-cmd writes. */
  readonly pagesPerChunk?: number;
}

export interface OptionSpec {
  readonly id: number;
  readonly data: Uint8Array | ((out: ByteBuilder) => void);
}

export interface BufferSpec {
  /** Default '': the top buffer. */
  readonly name?: string;
  /** v7 only. Default local. */
  readonly clock?: string;
  /** v7 only. */
  readonly pageSize?: number;
  readonly cpus: readonly CpuSpec[];
}

export interface CpuSpec {
  readonly cpu: number;
  readonly events?: readonly EventSpec[];
  /** Sub-buffers as they are (see buildPage), instead of events. */
  readonly pages?: readonly Uint8Array[];
}

const SECTION = {
  options: 0,
  buffer: 3,
  strings: 15,
  headers: 16,
  ftrace: 17,
  events: 18,
  kallsyms: 19,
  printk: 20,
  cmdlines: 21,
  latency: 22,
};
const OPTION = { buffer: 3, traceClock: 4, cpuCount: 8, latency: 22 };

/** The layout of the sub-buffers that a spec describes, for buildPage and buildPages. */
export function layoutOf(spec: TraceSpec, pageSize = spec.pageSize ?? 4096): SubBufferLayout {
  const commitSize = spec.longSize ?? 8;
  return { littleEndian: spec.littleEndian ?? true, commitSize, dataOffset: 8 + commitSize, size: pageSize };
}

/** The text of events/header_page for a layout. */
export function headerPageText(layout: SubBufferLayout): string {
  const { commitSize, dataOffset, size } = layout;
  const field = (type: string, name: string, offset: number, bytes: number, signed: number): string =>
    `\tfield: ${type} ${name};\toffset:${offset};\tsize:${bytes};\tsigned:${signed};\n`;
  return (
    field('u64', 'timestamp', 0, 8, 0) +
    field('local_t', 'commit', 8, commitSize, 1) +
    field('int', 'overwrite', 8, 1, 1) +
    field('char', 'data', dataOffset, size - dataOffset, 1)
  );
}

/** A zstd frame of stored blocks: no compressor needed, every decoder accepts it. */
export function storedZstd(bytes: Uint8Array): Uint8Array {
  const out = new ByteBuilder(true);
  out.u32(0xfd2f_b528).u8(0xa0).u32(bytes.length);
  const longest = 131_072;
  for (let at = 0; at === 0 || at < bytes.length; at += longest) {
    const block = bytes.subarray(at, at + longest);
    const word = (at + longest >= bytes.length ? 1 : 0) + block.length * 8;
    out
      .u16(word & 0xffff)
      .u8(word >>> 16)
      .bytes(block);
  }
  return out.take();
}

class TraceWriter {
  readonly spec: TraceSpec;
  readonly version: 6 | 7;
  readonly littleEndian: boolean;
  readonly compression: 'none' | 'zlib' | 'zstd';
  readonly out: ByteBuilder;
  readonly strings: string[] = [];

  constructor(spec: TraceSpec) {
    this.spec = spec;
    this.version = spec.version ?? 7;
    this.littleEndian = spec.littleEndian ?? true;
    this.compression = this.version === 6 ? 'none' : (spec.compression ?? 'none');
    this.out = new ByteBuilder(this.littleEndian);
  }

  part(write: (out: ByteBuilder) => void): Uint8Array {
    const out = new ByteBuilder(this.littleEndian);
    write(out);
    return out.take();
  }

  pageSize(buffer?: BufferSpec): number {
    return (this.version === 7 ? buffer?.pageSize : undefined) ?? this.spec.pageSize ?? 4096;
  }

  cpuCount(): number {
    const cpus = (this.spec.buffers ?? []).flatMap((buffer) => buffer.cpus.map(({ cpu }) => cpu + 1));
    return this.spec.cpuCount ?? Math.max(0, ...cpus);
  }

  /** The metadata parts both versions share, in file order. */
  parts(): { id: number; description: string; body: Uint8Array }[] {
    const { spec } = this;
    const text = (value: string, wide: boolean): Uint8Array =>
      this.part((out) => {
        const bytes = new TextEncoder().encode(value);
        if (wide) out.u64(bytes.length);
        else out.u32(bytes.length);
        out.bytes(bytes);
      });
    const headerPage = spec.headerPage ?? headerPageText(layoutOf(spec));
    return [
      {
        id: SECTION.headers,
        description: 'headers',
        body: this.part((out) => {
          out.cString('header_page').bytes(text(headerPage, true));
          out.cString('header_event').bytes(text('# compressed entry header\n', true));
        }),
      },
      {
        id: SECTION.ftrace,
        description: 'ftrace events',
        body: this.part((out) => {
          out.u32(spec.ftraceFormats?.length ?? 0);
          for (const format of spec.ftraceFormats ?? []) out.bytes(text(format, true));
        }),
      },
      {
        id: SECTION.events,
        description: 'events format',
        body: this.part((out) => {
          out.u32(spec.systems?.length ?? 0);
          for (const { name, formats } of spec.systems ?? []) {
            out.cString(name).u32(formats.length);
            for (const format of formats) out.bytes(text(format, true));
          }
        }),
      },
      { id: SECTION.kallsyms, description: 'kallsyms', body: text(spec.kallsyms ?? '', false) },
      { id: SECTION.printk, description: 'printk', body: text(spec.printk ?? '', false) },
      { id: SECTION.cmdlines, description: 'command lines', body: text(spec.cmdlines ?? '', true) },
    ];
  }

  optionData(option: OptionSpec): Uint8Array {
    return typeof option.data === 'function' ? this.part(option.data) : option.data;
  }

  /** Clock, CPU count and the spec's own options. */
  commonOptions(): OptionSpec[] {
    const clock = this.spec.traceClock === undefined ? '[local]' : this.spec.traceClock;
    return [
      ...(clock === null ? [] : [{ id: OPTION.traceClock, data: (out: ByteBuilder) => void out.cString(clock) }]),
      ...(this.version === 7
        ? [{ id: OPTION.cpuCount, data: (out: ByteBuilder) => void out.u32(this.cpuCount()) }]
        : []),
      ...(this.spec.options ?? []),
    ];
  }

  pagesOf(cpu: CpuSpec, pageSize: number): Uint8Array[] {
    return [...(cpu.pages ?? buildPages(layoutOf(this.spec, pageSize), cpu.events ?? []))];
  }

  writeHeader(): void {
    const { out, spec } = this;
    out
      .bytes(Uint8Array.of(0x17, 0x08, 0x44))
      .text('tracing')
      .cString(String(this.version));
    out
      .u8(this.littleEndian ? 0 : 1)
      .u8(spec.longSize ?? 8)
      .u32(this.pageSize());
    if (this.version === 7) {
      out.cString(this.compression).cString({ none: '', zlib: '1.2.13', zstd: '1.5.4' }[this.compression]);
    }
  }

  // --- version 6 ---------------------------------------------------------------------------------------------

  writeV6(): Uint8Array {
    const { out, spec } = this;
    this.writeHeader();
    for (const { body } of this.parts()) out.bytes(body);
    out.u32(this.cpuCount()).text('options  ').u8(0);
    const offsets: number[] = [];
    const instances = (spec.buffers ?? []).slice(1);
    const named = instances.map(({ name }) => ({
      id: OPTION.buffer,
      data: (data: ByteBuilder) => void data.u64(0).cString(name ?? ''),
    }));
    for (const option of [...this.commonOptions(), ...named]) {
      const data = this.optionData(option);
      out.u16(option.id).u32(data.length);
      if (named.includes(option as (typeof named)[number])) offsets.push(out.length);
      out.bytes(data);
    }
    out.u16(0);
    if (spec.latencyText !== undefined) return out.text('latency  ').u8(0).text(spec.latencyText).take();
    this.writeFlyrecordV6(spec.buffers?.[0]);
    instances.forEach((buffer, i) => {
      out.patch64(offsets[i] as number, out.length);
      this.writeFlyrecordV6(buffer);
    });
    return out.take();
  }

  writeFlyrecordV6(buffer: BufferSpec | undefined): void {
    const { out } = this;
    const pageSize = this.pageSize();
    out.text('flyrecord').u8(0);
    const table = out.length;
    const count = this.cpuCount();
    out.zeros(16 * count);
    if (this.spec.traceClock !== null) out.u64(7).text('[local]');
    for (let cpu = 0; cpu < count; cpu++) {
      out.align(pageSize);
      const found = buffer?.cpus.find((candidate) => candidate.cpu === cpu);
      const pages = found ? this.pagesOf(found, pageSize) : [];
      out.patch64(table + 16 * cpu, out.length);
      out.patch64(table + 16 * cpu + 8, pages.length * pageSize);
      for (const page of pages) out.bytes(page);
    }
  }

  // --- version 7 ---------------------------------------------------------------------------------------------

  /** Offset of a description in the strings, which grow by it. */
  description(text: string): number {
    if (this.spec.stringsSections === 0) return -1;
    const offset = this.strings.reduce((sum, string) => sum + string.length + 1, 0);
    this.strings.push(text);
    return offset;
  }

  compress(bytes: Uint8Array): Uint8Array {
    return this.compression === 'zlib' ? deflateSync(bytes) : storedZstd(bytes);
  }

  block(bytes: Uint8Array): Uint8Array {
    const packed = this.compress(bytes);
    return this.part((out) => out.u32(packed.length).u32(bytes.length).bytes(packed));
  }

  chunks(pieces: readonly Uint8Array[]): Uint8Array {
    return this.part((out) => {
      out.u32(pieces.length);
      for (const piece of pieces) out.bytes(this.block(piece));
    });
  }

  /** Writes a section and returns its offset. */
  section(id: number, description: string, body: Uint8Array, compressed: boolean): number {
    const { out } = this;
    const offset = out.length;
    const stored = compressed ? this.block(body) : body;
    out
      .u16(id)
      .u16(compressed ? 1 : 0)
      .u32(this.description(description))
      .u64(stored.length)
      .bytes(stored);
    return offset;
  }

  /** Writes an options section, and enters it in the chain at `link`. Returns where its own link is. */
  optionsSection(options: readonly OptionSpec[], link: number): number {
    const { out } = this;
    const body = this.part((data) => {
      for (const option of options) {
        const bytes = this.optionData(option);
        data.u16(option.id).u32(bytes.length).bytes(bytes);
      }
      data.u16(0).u32(8).u64(0);
    });
    // Only stored zstd keeps the link in clear, so that it can be patched.
    const compressed = this.spec.compressOptions === true && this.compression === 'zstd';
    out.patch64(link, this.section(SECTION.options, 'options', body, compressed));
    return out.length - 8;
  }

  writeV7(): Uint8Array {
    const { out, spec } = this;
    this.writeHeader();
    let link = out.length;
    out.u64(0);
    const compressed = this.compression !== 'none';
    const pointers = this.parts().map(({ id, description, body }) => {
      const offset = this.section(id, description, body, compressed);
      return { id, data: (data: ByteBuilder) => void data.u64(offset) };
    });
    if (spec.stringsSections === 2) this.writeStrings();
    for (const { id, body, flags } of spec.extraSections ?? []) {
      out
        .u16(id)
        .u16(flags ?? 0)
        .u32(-1)
        .u64(body.length)
        .bytes(body);
    }
    link = this.optionsSection([...pointers, ...this.commonOptions()], link);
    if (spec.latencyText !== undefined) link = this.writeLatency(spec.latencyText, link);
    else for (const buffer of spec.buffers ?? [{ cpus: [] }]) link = this.writeBuffer(buffer, link);
    if (spec.stringsSections !== 0) this.writeStrings();
    return out.take();
  }

  /** Strings written so far; offsets count over all STRINGS sections, so what is written stays counted. */
  #stringsWritten = 0;
  writeStrings(): void {
    const body = this.part((out) => {
      for (const string of this.strings.slice(this.#stringsWritten)) out.cString(string);
    });
    this.#stringsWritten = this.strings.length;
    this.out.u16(SECTION.strings).u16(0).u32(-1).u64(body.length).bytes(body);
  }

  writeLatency(text: string, link: number): number {
    const compressed = this.compression !== 'none';
    const bytes = new TextEncoder().encode(text);
    const half = Math.ceil(bytes.length / 2);
    const body = compressed ? this.chunks([bytes.subarray(0, half), bytes.subarray(half)]) : bytes;
    const offset = this.out.length;
    this.out
      .u16(SECTION.latency)
      .u16(compressed ? 1 : 0)
      .u32(this.description('buffer latency'))
      .u64(body.length)
      .bytes(body);
    return this.optionsSection(
      [{ id: OPTION.latency, data: (data) => void data.u64(offset).cString('').cString('local') }],
      link,
    );
  }

  writeBuffer(buffer: BufferSpec, link: number): number {
    const { out } = this;
    const compressed = this.compression !== 'none';
    const pageSize = this.pageSize(buffer);
    const name = buffer.name ?? '';
    const offset = out.length;
    out
      .u16(SECTION.buffer)
      .u16(compressed ? 1 : 0)
      .u32(this.description(`buffer flyrecord ${name}`))
      .u64(0);
    const placed = buffer.cpus.map((cpu) => {
      const pages = this.pagesOf(cpu, pageSize);
      out.align(pageSize);
      const at = out.length;
      const perChunk = this.spec.pagesPerChunk ?? 10;
      const groups: Uint8Array[] = [];
      for (let i = 0; i < pages.length; i += perChunk) {
        groups.push(this.part((data) => pages.slice(i, i + perChunk).forEach((page) => void data.bytes(page))));
      }
      if (compressed) out.bytes(this.chunks(groups));
      else for (const page of pages) out.bytes(page);
      // trace-cmd's size of compressed data leaves the count word out.
      return { cpu: cpu.cpu, at, size: out.length - at - (compressed ? 4 : 0) };
    });
    out.patch64(offset + 8, out.length - offset - 16);
    const data = (data: ByteBuilder): void => {
      data.u64(offset).cString(name);
      data
        .cString(buffer.clock ?? 'local')
        .u32(pageSize)
        .u32(placed.length);
      for (const { cpu, at, size } of placed) data.u32(cpu).u64(at).u64(size);
    };
    return this.optionsSection([{ id: OPTION.buffer, data }], link);
  }
}

/** The bytes of a whole trace.dat. */
export function buildTrace(spec: TraceSpec): Uint8Array {
  const writer = new TraceWriter(spec);
  return writer.version === 6 ? writer.writeV6() : writer.writeV7();
}
