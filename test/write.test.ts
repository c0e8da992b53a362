import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { compress, init } from '@bokuweb/zstd-wasm';
import { beforeAll, describe, test } from 'vitest';
import { memorySource } from '../src/base/byte-source.ts';
import { nodeCodecs } from '../src/node/codecs.ts';
import { OPTION, SECTION } from '../src/trace-file/ids.ts';
import { openTrace } from '../src/trace-file/open.ts';
import type { TraceFile } from '../src/trace-file/types.ts';
import type { Compressor, CpuContent, TraceContent, TraceSink } from '../src/trace-file/write/content.ts';
import { writeV6 } from '../src/trace-file/write/write-v6.ts';
import { writeV7 } from '../src/trace-file/write/write-v7.ts';
import { missing } from './support/capabilities.ts';
import { bundledCapture, readTrace } from './support/captures.ts';
import { run } from './support/run.ts';
import { expectSameText } from './support/same-text.ts';
import { temporaryFolder } from './support/temp-folder.ts';

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
    read: (at, length) => file.source.read(offset + at, length),
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
    await this.append(await data.read(0, data.size));
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

describe('what is written reads as what it was made of', () => {
  const folder = temporaryFolder();
  beforeAll(() => init());

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
