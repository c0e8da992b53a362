import { expect } from 'vitest';
import { formatText, recordBytes } from './build-events.ts';
import { buildTrace, type OptionSpec, type TraceSpec } from './build-trace.ts';
import { bundledCapture, readTrace } from './captures.ts';

/* Files that no recorder writes. */

const OPTION_TRACE_ID = 16;
const OPTION_TIME_SHIFT = 17;
const OPTION_GUEST = 18;
const SECTION_OPTIONS = 0;
const V7_HEADER_END = 'tracing7'.length;

export interface BadFile {
  readonly name: string;
  readonly bytes: () => Uint8Array;
  /** `error`: nothing can be read. `warning`: something is, and the rest is spoken of. `any`: the one or the other. */
  readonly expected: 'error' | 'warning' | 'any';
}

const small = (): Uint8Array => readTrace(bundledCapture('kvm-v7-none-both'), 'kvm-v7-none-both-l2b.dat');
const smallV6 = (): Uint8Array => readTrace(bundledCapture('tcp-ptp-mono-v6'), 'tcp-ptp-mono-v6-10.77.0.31.dat');
const zstd = (): Uint8Array => readTrace(bundledCapture('tcp-guest-only'), 'tcp-guest-only-10.77.0.31.dat');

/** One event of one field `a`, with a print format of choice. */
function withPrintFormat(printFormat: string, field = 'int a;\toffset:8;\tsize:4;\tsigned:1;'): TraceSpec {
  const data = recordBytes(true, { id: 1000, pid: 7 }, (out) => out.u32(5));
  return {
    systems: [{ name: 'odd', formats: [formatText('odd', 1000, [field], printFormat)] }],
    cmdlines: '7 task\n',
    buffers: [{ cpus: [{ cpu: 0, events: [{ time: 1_000_000n, data }] }] }],
  };
}

const withOption = (id: number, data: OptionSpec['data']): TraceSpec => ({
  ...withPrintFormat('"%d", REC->a'),
  options: [{ id, data }],
});

/** The bytes with a number written over them; `find` gives the place. */
function patched(bytes: Uint8Array, find: (text: string) => number, size: 4 | 8, value: bigint): Uint8Array {
  const at = find(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1'));
  expect(at, 'the place to damage').toBeGreaterThan(0);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (size === 4) view.setUint32(at, Number(value), true);
  else view.setBigUint64(at, value, true);
  return bytes;
}

/** Offset of the first options section of a v7 file: the header's last word. */
function firstOptions(bytes: Uint8Array): { readonly link: number; readonly section: number } {
  const text = Buffer.from(bytes).toString('latin1');
  // Magic, "tracing", version, byte order, long size, page size, compression and its version.
  let at = text.indexOf('\0', 3 + V7_HEADER_END - 1) + 1 + 2 + 4;
  at = text.indexOf('\0', at) + 1;
  at = text.indexOf('\0', at) + 1;
  return { link: at, section: Number(Buffer.from(bytes).readBigUInt64LE(at)) };
}

function optionsLoop(): Uint8Array {
  const bytes = Uint8Array.from(buildTrace(withPrintFormat('"%d", REC->a')));
  const { section } = firstOptions(bytes);
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  expect(view.readUInt16LE(section)).toBe(SECTION_OPTIONS);
  const end = section + 16 + Number(view.readBigUInt64LE(section + 8));
  view.writeBigUInt64LE(BigInt(section), end - 8);
  return bytes;
}

export const badFiles: readonly BadFile[] = [
  { name: 'empty', bytes: () => new Uint8Array(0), expected: 'error' },
  { name: 'one-byte', bytes: () => Uint8Array.of(0x17), expected: 'error' },
  { name: 'text', bytes: () => Buffer.from('this is no trace\n'.repeat(100)), expected: 'error' },
  { name: 'zeros', bytes: () => new Uint8Array(1 << 20), expected: 'error' },
  { name: 'magic-alone', bytes: () => small().slice(0, 10), expected: 'error' },
  {
    name: 'version-99',
    bytes: () => Buffer.from('\x17\x08\x44tracing99\0\0\x08\0\x10\0\0', 'latin1'),
    expected: 'error',
  },
  { name: 'header-alone', bytes: () => small().slice(0, 40), expected: 'error' },
  { name: 'cut-in-metadata', bytes: () => small().slice(0, 3000), expected: 'warning' },
  { name: 'cut-in-metadata-v6', bytes: () => smallV6().slice(0, 3000), expected: 'warning' },
  { name: 'cut-in-data-v6', bytes: () => smallV6().slice(0, smallV6().length - 6000), expected: 'warning' },
  { name: 'cut-in-data', bytes: () => small().slice(0, small().length - 6000), expected: 'any' },
  { name: 'cut-in-chunk', bytes: () => zstd().slice(0, zstd().length - 1500), expected: 'any' },
  {
    name: 'four-billion-cpus-v6',
    bytes: () => patched(smallV6(), (text) => text.indexOf('options  \0') - 4, 4, 0xffff_ffffn),
    expected: 'any',
  },
  { name: 'four-billion-cpus', bytes: () => buildTrace(withOption(8, (out) => out.u32(-1))), expected: 'any' },
  {
    name: 'four-billion-cpus-in-buffer',
    bytes: () => buildTrace(withOption(3, (out) => out.u64(0).cString('x').cString('local').u32(4096).u32(-1))),
    expected: 'warning',
  },
  {
    name: 'four-billion-guest-cpus',
    bytes: () => buildTrace(withOption(OPTION_GUEST, (out) => out.cString('g').u64(1).u32(-1))),
    expected: 'any',
  },
  {
    name: 'four-billion-samples',
    bytes: () => buildTrace(withOption(OPTION_TIME_SHIFT, (out) => out.u64(1).u32(0).u32(1).u32(-1))),
    expected: 'any',
  },
  {
    name: 'its-own-guest',
    bytes: () =>
      buildTrace({
        ...withPrintFormat('"%d", REC->a'),
        options: [
          { id: OPTION_TRACE_ID, data: (out) => out.u64(42) },
          { id: OPTION_GUEST, data: (out) => out.cString('me').u64(42).u32(1).u32(0).u32(1) },
          { id: OPTION_TIME_SHIFT, data: (out) => out.u64(42).u32(0).u32(1).u32(0) },
        ],
      }),
    expected: 'any',
  },
  {
    name: 'option-past-the-end',
    bytes: () => {
      const bytes = small();
      const { section } = firstOptions(bytes);
      return patched(bytes, () => section + 16 + 2, 4, 0xffff_fff0n);
    },
    expected: 'any',
  },
  {
    name: 'section-past-the-end',
    bytes: () => {
      const bytes = small();
      const { section } = firstOptions(bytes);
      return patched(bytes, () => section + 8, 8, (1n << 62n) + 5n);
    },
    expected: 'any',
  },
  {
    name: 'options-nowhere',
    bytes: () => {
      const bytes = small();
      return patched(bytes, () => firstOptions(bytes).link, 8, 1n << 60n);
    },
    expected: 'warning',
  },
  { name: 'options-loop', bytes: optionsLoop, expected: 'any' },
  {
    name: 'gigabyte-section',
    bytes: () => {
      const bytes = zstd();
      // The first compressed section follows the header: its block begins with two sizes.
      const { section } = firstOptions(bytes);
      return patched(bytes, () => section + 16 + 4, 4, 0xf000_0000n);
    },
    expected: 'any',
  },
  {
    name: 'gigabyte-chunk',
    bytes: () => {
      const bytes = buildTrace({ ...withPrintFormat('"%d", REC->a'), compression: 'zstd' });
      const chunk = Buffer.from(bytes).lastIndexOf(Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd));
      return patched(Uint8Array.from(bytes), () => chunk - 4, 4, 0xf000_0000n);
    },
    expected: 'any',
  },
  {
    name: 'page-size-zero',
    bytes: () => patched(smallV6(), () => 'xxxtracing6\0xx'.length, 4, 0n),
    expected: 'any',
  },
  {
    name: 'page-size-huge',
    bytes: () => patched(smallV6(), () => 'xxxtracing6\0xx'.length, 4, 0xffff_f000n),
    expected: 'any',
  },
  {
    name: 'parentheses',
    bytes: () => buildTrace(withPrintFormat(`"%d", ${'('.repeat(500_000)}REC->a${')'.repeat(500_000)}`)),
    expected: 'any',
  },
  {
    name: 'open-parentheses',
    bytes: () => buildTrace(withPrintFormat(`"%d", ${'('.repeat(1_000_000)}`)),
    expected: 'any',
  },
  {
    name: 'ternaries',
    bytes: () => buildTrace(withPrintFormat(`"%d", ${'REC->a ? '.repeat(50_000)}1${' : 2'.repeat(50_000)}`)),
    expected: 'any',
  },
  {
    name: 'minus-signs',
    bytes: () => buildTrace(withPrintFormat(`"%d", ${'- '.repeat(300_000)}REC->a`)),
    expected: 'any',
  },
  {
    name: 'casts',
    bytes: () => buildTrace(withPrintFormat(`"%d", ${'(int)'.repeat(100_000)}REC->a`)),
    expected: 'any',
  },
  {
    name: 'sums',
    bytes: () => buildTrace(withPrintFormat(`"%d", REC->a${' + REC->a'.repeat(100_000)}`)),
    expected: 'any',
  },
  {
    name: 'flags',
    bytes: () => buildTrace(withPrintFormat(`"%s", __print_flags(REC->a, "|"${', { 1, "x" }'.repeat(100_000)})`)),
    expected: 'any',
  },
  { name: 'wide', bytes: () => buildTrace(withPrintFormat('"%2000000000d", REC->a')), expected: 'any' },
  { name: 'precise', bytes: () => buildTrace(withPrintFormat('"%.2000000000d", REC->a')), expected: 'any' },
  { name: 'star', bytes: () => buildTrace(withPrintFormat('"%*d", 2000000000, REC->a')), expected: 'any' },
  {
    name: 'long-array',
    bytes: () => buildTrace(withPrintFormat('"%s", __print_array(REC->a, 2000000000, 4)')),
    expected: 'any',
  },
  {
    name: 'long-hex',
    bytes: () => buildTrace(withPrintFormat('"%s", __print_hex(REC->a, 2000000000)')),
    expected: 'any',
  },
  {
    name: 'many-conversions',
    bytes: () => buildTrace(withPrintFormat(`"${'%d'.repeat(200_000)}", REC->a`)),
    expected: 'any',
  },
  {
    name: 'field-past-the-record',
    bytes: () => buildTrace(withPrintFormat('"%d", REC->a', 'int a;\toffset:4000000000;\tsize:2000000000;\tsigned:1;')),
    expected: 'any',
  },
  {
    name: 'data-loc-past-the-record',
    bytes: () =>
      buildTrace(withPrintFormat('"%s", __get_str(a)', '__data_loc char[] a;\toffset:8;\tsize:4;\tsigned:1;')),
    expected: 'any',
  },
  {
    name: 'field-brackets',
    bytes: () =>
      buildTrace(withPrintFormat('"%d", REC->a', `int a${'['.repeat(300_000)};\toffset:8;\tsize:4;\tsigned:1;`)),
    expected: 'any',
  },
  {
    name: 'one-line-kallsyms',
    bytes: () =>
      buildTrace({ ...withPrintFormat('"%pS", REC->a'), kallsyms: `ffffffff81000000 T ${'x'.repeat(5_000_000)}` }),
    expected: 'any',
  },
];
