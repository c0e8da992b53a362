import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compress, init } from '@bokuweb/zstd-wasm';
import { beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../src/base/byte-source.ts';
import { nodeCodecs } from '../../src/node/codecs.ts';
import { OPTION, SECTION } from '../../src/trace-file/ids.ts';
import { openTrace } from '../../src/trace-file/open.ts';
import { withBounds } from '../../src/trace-file/sync-bounds.ts';
import type { TimeShift, TraceFile } from '../../src/trace-file/types.ts';
import { encodeBounds } from '../../src/trace-file/write/bounds.ts';
import {
  type Compressor,
  type CpuContent,
  type TraceContent,
  type TraceSink,
  timeShiftOption,
} from '../../src/trace-file/write/content.ts';
import { writeV6 } from '../../src/trace-file/write/write-v6.ts';
import { writeV7 } from '../../src/trace-file/write/write-v7.ts';
import { missing } from '../support/capabilities.ts';
import { bundledCapture, readTrace } from '../support/captures.ts';
import { run, tandem } from '../support/run.ts';
import { expectSameText } from '../support/same-text.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/** Pointers into the old file and what the writer makes itself. */
const REWRITTEN = new Set<number>([
  ...[OPTION.DONE, OPTION.BUFFER],
  ...[OPTION.HEADER_INFO, OPTION.FTRACE_EVENTS, OPTION.EVENT_FORMATS, OPTION.KALLSYMS, OPTION.PRINTK, OPTION.CMDLINES],
]);

/** A recording in all its parts, as the writer takes them. Its CPU data must not be compressed. */
async function contentOf(file: TraceFile): Promise<TraceContent> {
  const section = async (id: number) => (await file.readSection(id)) ?? new Uint8Array(0);
  const data = ({ cpu, offset, size }: { cpu: number; offset: number; size: number }): CpuContent => ({
    cpu,
    size,
    readInto: async (target, at) => void (await file.source.readInto(target, offset + at)),
  });
  const [kallsyms, printkFormats, commandLines] = await Promise.all(
    [SECTION.KALLSYMS, SECTION.PRINTK, SECTION.CMDLINES].map(section),
  );
  return {
    littleEndian: file.header.littleEndian,
    userLongSize: file.header.userLongSize as 4 | 8,
    texts: file.texts,
    kallsyms: kallsyms as Uint8Array,
    printkFormats: printkFormats as Uint8Array,
    commandLines: commandLines as Uint8Array,
    cpuCount: file.cpuCount,
    options: file.options.filter(({ id }) => !REWRITTEN.has(id)),
    buffers: file.buffers.map(({ name, clock, layout, cpus }) => ({
      ...{ name, clock, pageSize: layout.size },
      cpus: cpus.map(data),
    })),
  };
}

class MemorySink implements TraceSink {
  bytes = Buffer.alloc(0);

  get position(): number {
    return this.bytes.length;
  }

  async append(bytes: Uint8Array): Promise<void> {
    this.bytes = Buffer.concat([this.bytes, bytes]);
  }

  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    this.bytes.set(bytes, offset);
  }

  async appendData(data: CpuContent): Promise<void> {
    const bytes = new Uint8Array(data.size);
    await data.readInto(bytes, 0);
    await this.append(bytes);
  }
}

const zstd: Compressor = {
  ...{ name: 'zstd', version: '1.5.4', lanes: 2 },
  async compress(block, chunkSize) {
    const starts = Array.from({ length: Math.ceil(block.length / chunkSize) }, (_, index) => index * chunkSize);
    return starts.map((at) => compress(Buffer.from(block.slice(at, at + chunkSize))));
  },
};

const forms: Readonly<Record<string, (content: TraceContent, sink: TraceSink) => Promise<void>>> = {
  'version 6': writeV6,
  'version 7': writeV7,
  'version 7, zstd': (content, sink) => writeV7(content, sink, zstd),
};

/** One recording of each version that is stored without compression. */
const recordings = [
  { capture: 'tcp-ptp-mono-v6', file: 'tcp-ptp-mono-v6-10.77.0.31.dat' },
  { capture: 'kvm-v7-none-both', file: 'kvm-v7-none-both.dat' },
  { capture: 'local-l0-syscalls-v6', file: 'local-l0-syscalls-v6.dat' },
];

const reason = missing('trace-cmd');
beforeAll(() => init());

describe('what is written reads as what it was made of', () => {
  const folder = temporaryFolder();

  for (const { capture, file } of recordings) {
    for (const [form, write] of Object.entries(forms)) {
      test(`${file} as ${form}${reason ? ` (${reason})` : ''}`, { skip: reason !== undefined }, async () => {
        const original = join(folder, file);
        writeFileSync(original, readTrace(bundledCapture(capture), file));
        const sink = new MemorySink();
        const source = memorySource(file, readTrace(bundledCapture(capture), file));
        await write(await contentOf(await openTrace(source, nodeCodecs)), sink);
        const rewritten = join(folder, `${form.replace(/\W+/g, '-')}-${file}`);
        writeFileSync(rewritten, sink.bytes);

        const [expected, actual] = await Promise.all(
          [original, rewritten].map((path) => run('trace-cmd', ['report', '-t', '-i', path])),
        );
        expectSameText(actual!.stdout, expected!.stdout, rewritten);
        if (actual!.stderr !== expected!.stderr) throw new Error(actual!.stderr);
      });
    }
  }
});

describe('error bounds of sync samples', () => {
  const folder = temporaryFolder();
  const file = 'tcp-ptp-mono-v6-10.77.0.31.dat';
  const bounds = [17n, undefined, 0n, (1n << 63n) + 5n];
  let next = 0;
  const bounded = (shift: TimeShift): TimeShift => ({
    ...shift,
    cpus: shift.cpus.map((samples) => samples.map((sample) => ({ ...sample, bound: bounds[next++ % bounds.length] }))),
  });
  const open = (bytes: Uint8Array<ArrayBuffer>) => openTrace(memorySource(file, bytes), nodeCodecs);

  const programs = ['trace-cmd', ...(process.env.TRACE_CMD_34 ? [process.env.TRACE_CMD_34] : [])];
  for (const form of ['version 7', 'version 7, zstd']) {
    test(`are kept by ${form}, and no stock reader sees them`, { skip: reason !== undefined }, async () => {
      const original = await open(readTrace(bundledCapture('tcp-ptp-mono-v6'), file));
      const content = await contentOf(original);
      const shift = bounded(original.timeShift as TimeShift);
      const paths = [original.timeShift as TimeShift, shift].map((_, i) => join(folder, `bounds-${i}.dat`));
      for (const [i, given] of [original.timeShift as TimeShift, shift].entries()) {
        const option = timeShiftOption(given, true);
        // Something follows: a reader that loses its place shows it.
        const options = [
          ...content.options.map((old) => (old.id === OPTION.TIME_SHIFT ? option : old)),
          content.options[0]!,
        ];
        const sink = new MemorySink();
        await forms[form]!({ ...content, options }, sink);
        writeFileSync(paths[i] as string, sink.bytes);
        expect((await open(Uint8Array.from(sink.bytes))).timeShift).toEqual(given);
      }
      for (const program of programs) {
        for (const args of [
          ['report', '-t'],
          ['dump', '--summary', '--options', '--flyrecord', '--clock'],
          ['dump', '--all'],
        ]) {
          const [without, with_] = await Promise.all(paths.map((path) => run(program, [...args, '-i', path])));
          // Places in the file move by what was added, and the dump names them.
          const text = ({ stdout }: typeof without & {}): string =>
            stdout.toString('latin1').replaceAll(/bounds-./g, '');
          const moved = (value: string): string =>
            args[0] === 'dump' ? value.replaceAll(/[0-9]{4,}|[0-9]+ bytes\]/g, '#') : value;
          expect(moved(text(with_!))).toBe(moved(text(without!)));
          expect([with_!.stderr, with_!.status]).toEqual([without!.stderr, 0]);
        }
      }
      const dumps = await Promise.all([
        run('trace-cmd', ['dump', '--options', '-i', paths[1] as string]),
        tandem(['dump', '--compat', '3.1', '--options', '-i', paths[1] as string]),
      ]);
      expect(dumps[1]!.stdout.toString('latin1')).toBe(dumps[0]!.stdout.toString('latin1'));
    });
  }

  test('of other samples, or cut, are not taken', () => {
    const shift: TimeShift = {
      ...{ peerTraceId: 1n, flags: 1 },
      cpus: [
        [{ time: 1n, offset: 2n, scaling: 1n, fraction: 0, bound: 3n }],
        [{ time: 1n, offset: 2n, scaling: 1n, fraction: 0 }],
      ],
    };
    const bytes = encodeBounds(shift, false) as Uint8Array;
    const bare = { ...shift, cpus: shift.cpus.map((samples) => samples.map(({ bound: _, ...sample }) => sample)) };
    expect(withBounds(bare, bytes, false)).toEqual(shift);
    expect(withBounds({ ...bare, cpus: bare.cpus.slice(1) }, bytes, false).cpus).toEqual(bare.cpus.slice(1));
    expect(
      withBounds({ ...bare, cpus: [[...bare.cpus[0]!, ...bare.cpus[1]!], []] }, bytes, false).cpus[0]![0],
    ).not.toHaveProperty('bound');
    for (let length = 0; length < bytes.length; length++) {
      expect(withBounds(bare, bytes.subarray(0, length), false)).toBe(bare);
    }
  });
});
