import { describe, expect, test } from 'vitest';
import { recordBytes } from '../../test/support/build-events.ts';
import { buildTrace, type OptionSpec, type TraceSpec } from '../../test/support/build-trace.ts';
import { ByteBuilder } from '../../test/support/byte-builder.ts';
import { eventsOf, openBytes } from '../../test/support/stream-events.ts';
import { TandemError } from '../base/errors.ts';
import { OPTION, SECTION } from './ids.ts';
import { latencyText } from './latency-text.ts';
import type { TraceFile } from './types.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array | undefined): string | undefined => bytes && new TextDecoder().decode(bytes);

const OPTIONS: OptionSpec[] = [
  { id: OPTION.DATE, data: encode('0x10\0') },
  { id: OPTION.OFFSET, data: encode('-500\0') },
  { id: OPTION.CPUSTAT, data: encode('CPU: 0\nentries: 0\0') },
  { id: OPTION.UNAME, data: encode('Linux host 6.1 x86_64\0') },
  { id: OPTION.VERSION, data: encode('3.1.6\0') },
  { id: OPTION.TRACEID, data: (out) => void out.u64(0xbe58_3f8a_f8ad_1583n) },
  {
    id: OPTION.GUEST,
    data: (out) => void out.cString('guest').u64(77n).u32(2).u32(0).u32(4711).u32(1).u32(-1),
  },
  { id: OPTION.TSC2NSEC, data: (out) => void out.u32(894_784_853).u32(31).u64(0) },
  { id: 999, data: Uint8Array.of(1, 2, 3) },
];

const SPEC: TraceSpec = {
  systems: [
    { name: 'one', formats: ['format 1', ''] },
    { name: 'two', formats: [] },
  ],
  ftraceFormats: ['ftrace 1'],
  kallsyms: 'ffff T one\n',
  printk: '0x1 : "text"\n',
  cmdlines: '1 init\n',
  traceClock: 'local [mono] perf\n',
  options: OPTIONS,
  cpuCount: 4,
  buffers: [
    { clock: 'mono', cpus: [{ cpu: 1, events: [{ time: 5n, data: recordBytes(true, { id: 1 }) }] }] },
    { name: 'inst', clock: 'mono', cpus: [{ cpu: 0, events: [{ time: 6n, data: recordBytes(true, { id: 2 }) }] }] },
  ],
};

const SHAPES: TraceSpec[] = [
  { version: 6 },
  { version: 6, littleEndian: false, longSize: 4, pageSize: 1024 },
  { version: 7 },
  { version: 7, littleEndian: false, longSize: 4 },
  { version: 7, compression: 'zlib', stringsSections: 2 },
  { version: 7, compression: 'zstd', compressOptions: true },
];

describe.each(SHAPES)('%o', (shape) => {
  const { littleEndian = true } = shape;

  test('the texts', async () => {
    const file = await openBytes(buildTrace({ ...SPEC, ...shape }));
    expect(file.warnings).toEqual([]);
    expect(file.texts.ftraceFormats.map(decode)).toEqual(['ftrace 1']);
    const systems = file.texts.systems.map(({ name, formats }) => ({ name, formats: formats.map(decode) }));
    expect(systems).toEqual(SPEC.systems);
    expect(decode(await file.readSection(SECTION.KALLSYMS))).toBe(SPEC.kallsyms);
    expect(decode(await file.readSection(SECTION.PRINTK))).toBe(SPEC.printk);
    expect(decode(await file.readSection(SECTION.CMDLINES))).toBe(SPEC.cmdlines);
    expect(await file.readSection(SECTION.BTF)).toBeUndefined();
  });

  test('the options', async () => {
    const options = OPTIONS.map(({ id, data }) => {
      if (typeof data !== 'function') return { id, data };
      const out = new ByteBuilder(littleEndian);
      data(out);
      return { id, data: out.take() };
    });
    const file = await openBytes(buildTrace({ ...SPEC, ...shape }));
    expect(file.options.map(({ id, data }) => ({ id, data }))).toEqual(expect.arrayContaining(options));
    expect(file).toMatchObject({
      cpuCount: 4,
      traceId: 0xbe58_3f8a_f8ad_1583n,
      dateOffset: 16_000n,
      tsOffset: -500n,
      uname: 'Linux host 6.1 x86_64',
      tracerVersion: '3.1.6',
      cpuStats: ['CPU: 0\nentries: 0\n'],
      tscToNanoseconds: { multiplier: 894_784_853, shift: 31, offset: 0n },
      guests: [
        {
          name: 'guest',
          traceId: 77n,
          vcpus: [
            { cpu: 0, pid: 4711 },
            { cpu: 1, pid: -1 },
          ],
        },
      ],
    });
    // The flyrecord's own text, which the builder always calls local, is what v6 readers go by.
    expect(file.traceClock).toBe(shape.version === 6 ? 'local' : 'mono');
  });

  test('the buffers', async () => {
    const file = await openBytes(buildTrace({ ...SPEC, ...shape }));
    expect(file.buffers.map(({ name }) => name)).toEqual(['', 'inst']);
    const [top, instance] = file.buffers;
    expect((await eventsOf(file, top!, 1)).map(({ time }) => time)).toEqual([5n]);
    expect((await eventsOf(file, instance!, 0)).map(({ time }) => time)).toEqual([6n]);
    expect(top!.layout).toMatchObject({ littleEndian, size: shape.pageSize ?? 4096, commitSize: shape.longSize ?? 8 });
  });
});

describe('version 7', () => {
  test('sections have their descriptions, out of one STRINGS section or two', async () => {
    for (const stringsSections of [1, 2] as const) {
      const file = await openBytes(buildTrace({ ...SPEC, stringsSections }));
      const described = file.sections.filter(({ id }) => id !== SECTION.STRINGS).map(({ description }) => description);
      expect(described).toEqual([
        'headers',
        'ftrace events',
        'events format',
        'kallsyms',
        'printk',
        'command lines',
        'options',
        'buffer flyrecord ',
        'options',
        'buffer flyrecord inst',
        'options',
      ]);
      expect(file.optionSections.length).toBe(3);
    }
  });

  test('unknown sections are kept, and missing strings are no harm', async () => {
    const extraSections = [{ id: 77, body: Uint8Array.of(1, 2, 3) }];
    const file = await openBytes(buildTrace({ ...SPEC, extraSections, stringsSections: 0 }));
    expect(file.warnings).toEqual([]);
    expect(file.sections.find(({ id }) => id === 77)).toMatchObject({ storedSize: 3, description: '' });
    expect(await file.readSection(77)).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('each buffer has its own sub-buffer size', async () => {
    const events = [{ time: 6n, data: recordBytes(true, { id: 2 }) }];
    const buffers = [{ cpus: [] }, { name: 'large', pageSize: 16384, cpus: [{ cpu: 0, events }] }];
    const file = await openBytes(buildTrace({ compression: 'zstd', buffers }));
    expect(file.buffers.map(({ layout }) => layout.size)).toEqual([4096, 16384]);
    expect((await eventsOf(file, file.buffers[1]!, 0)).length).toBe(1);
  });
});

test('a latency recording has a text for a buffer', async () => {
  const text = Array.from({ length: 10_000 }, (_, i) => `# line ${i}\n`).join('');
  for (const shape of [{ version: 6 }, { version: 7 }, { compression: 'zlib' }, { compression: 'zstd' }] as const) {
    const file = await openBytes(buildTrace({ ...shape, latencyText: text }));
    expect(file.buffers).toMatchObject([{ name: '', latencyText: true, cpus: [] }]);
    let found = '';
    for await (const piece of latencyText(file, file.buffers[0]!)) found += decode(piece);
    expect(found).toBe(text);
  }
});

describe('what is no trace, or none to read, is refused in one line', () => {
  const good = buildTrace(SPEC);
  const changed = (at: number, ...values: number[]): Uint8Array => {
    const bytes = good.slice();
    bytes.set(values, at);
    return bytes;
  };
  test.each([
    ['nothing', new Uint8Array(0), 'NOT_A_TRACE', 'test.dat: is empty'],
    ['another magic', changed(0, 0x18), 'NOT_A_TRACE', 'test.dat: is not a trace.dat file'],
    ['half a magic', good.slice(0, 5), 'NOT_A_TRACE', 'test.dat: is not a trace.dat file'],
    ['half a header', good.slice(0, 15), 'TRUNCATED', 'test.dat: initial header: ends 3 bytes early'],
    ['only a header', good.slice(0, 32), 'TRUNCATED', 'test.dat: has an initial header and nothing'],
    ['version 8', changed(10, 0x38), 'UNSUPPORTED', 'test.dat: initial header: version 8'],
    ['version x', changed(10, 0x78), 'CORRUPT', 'test.dat: initial header: its version is not a number'],
    ['byte order 7', changed(12, 7), 'CORRUPT', 'test.dat: initial header: byte order 7'],
  ] as const)('%s', async (_what, bytes, code, message) => {
    const error = await openBytes(bytes).then(
      () => undefined,
      (cause: unknown) => cause,
    );
    expect(error).toBeInstanceOf(TandemError);
    expect(error).toMatchObject({ code, message: expect.stringContaining(message) });
    expect((error as TandemError).message).not.toContain('\n');
  });

  test('an unknown compression', async () => {
    const bytes = buildTrace({ ...SPEC, compression: 'zstd' });
    bytes.set(encode('lzma'), 18);
    await expect(openBytes(bytes)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('lzma'),
    });
  });
});

describe('version 7 with damage', () => {
  /** Offset of the first option with that id, its header included. */
  async function optionAt(bytes: Uint8Array, id: number): Promise<number> {
    return (await openBytes(bytes)).options.find((option) => option.id === id)!.offset;
  }
  const eventCount = async (file: TraceFile): Promise<number> => {
    const lists = file.buffers.flatMap((buffer) => buffer.cpus.map(({ cpu }) => eventsOf(file, buffer, cpu)));
    return (await Promise.all(lists)).flat().length;
  };
  const spoiled = async (spoil: (view: DataView, file: TraceFile) => Promise<void> | void): Promise<TraceFile> => {
    const bytes = buildTrace(SPEC);
    await spoil(new DataView(bytes.buffer), await openBytes(bytes));
    return openBytes(bytes);
  };

  test('a chain of options that loops is left', async () => {
    const file = await spoiled((view, { options, header }) => {
      const done = options.filter(({ id }) => id === OPTION.DONE).at(-1)!;
      view.setBigUint64(done.offset + 6, BigInt(header.firstOptions), true);
    });
    expect(file.warnings).toEqual([expect.stringMatching(/linked a second time/)]);
    expect(await eventCount(file)).toBe(2);
  });

  test('an option that reaches beyond its section ends it, and later sections are found all the same', async () => {
    const file = await spoiled((view, { options }) => {
      const uname = options.find(({ id }) => id === OPTION.UNAME)!;
      view.setUint32(uname.offset + 2, 0xffff_ffff, true);
    });
    expect(file.warnings[0]).toMatch(/section 0 \(options\) at 0x[0-9a-f]+: ends \d+ bytes early/);
    expect(file.uname).toBeUndefined();
    expect(await eventCount(file)).toBe(2);
  });

  test('a section whose size is wrong hides no section that an option points to', async () => {
    const file = await spoiled((view, { sections }) => {
      const printk = sections.find(({ id }) => id === SECTION.PRINTK)!;
      view.setBigUint64(printk.offset + 8, 2n ** 63n, true);
    });
    expect(file.warnings).toEqual([expect.stringMatching(/cut inside section 20 \(printk\)/)]);
    expect(decode(await file.readSection(SECTION.CMDLINES))).toBe(SPEC.cmdlines);
    expect(await eventCount(file)).toBe(2);
  });

  test('counts that cannot be are not believed', async () => {
    const bytes = buildTrace(SPEC);
    const view = new DataView(bytes.buffer);
    view.setUint32((await optionAt(bytes, OPTION.CPUCOUNT)) + 6, 0xffff_ffff, true);
    const file = await openBytes(bytes);
    expect(file.cpuCount).toBe(2);
    expect(file.warnings).toEqual([expect.stringMatching(/^option 8 at 0x[0-9a-f]+ is damaged/)]);
  });

  test.each([
    ['a buffer with 4 G CPUs', 6 + 8 + 1 + 5 + 4, 0xffff_ffff],
    ['a buffer with sub-buffers of 3 bytes', 6 + 8 + 1 + 5, 3],
  ])('%s is left out', async (_what, within, value) => {
    const bytes = buildTrace(SPEC);
    new DataView(bytes.buffer).setUint32((await optionAt(bytes, OPTION.BUFFER)) + within, value, true);
    const file = await openBytes(bytes);
    expect(file.buffers.map(({ name }) => name)).toEqual(['inst']);
    expect(file.warnings.length).toBe(1);
  });
});

describe('version 6 with damage', () => {
  test('4 G CPUs are not believed', async () => {
    const bytes = buildTrace({ ...SPEC, version: 6 });
    const offset = Buffer.from(bytes.buffer).indexOf('options');
    new DataView(bytes.buffer).setUint32(offset - 4, 0xffff_ffff, true);
    const file = await openBytes(bytes);
    expect(file.buffers).toEqual([]);
    expect(file.warnings).toEqual([expect.stringContaining('4294967295 CPUs')]);
  });

  test('4 G event formats are not believed', async () => {
    const bytes = buildTrace({ ...SPEC, version: 6 });
    const offset = Buffer.from(bytes.buffer).indexOf('one\0');
    new DataView(bytes.buffer).setUint32(offset + 4, 0xffff_ffff, true);
    const file = await openBytes(bytes);
    expect(file.texts.ftraceFormats.length).toBe(1);
    expect(file.warnings).toEqual([expect.stringMatching(/^event formats: claims 4294967295 events/)]);
  });

  test('an instance whose offset leads nowhere is left out', async () => {
    const bytes = buildTrace({ ...SPEC, version: 6 });
    const { options } = await openBytes(bytes);
    const { offset } = options.find(({ id }) => id === OPTION.BUFFER)!;
    new DataView(bytes.buffer).setBigUint64(offset + 6, 100n, true);
    const file = await openBytes(bytes);
    expect(file.buffers.map(({ name }) => name)).toEqual(['']);
    expect(file.warnings).toEqual([expect.stringContaining('CPU table at 0x64')]);
  });
});
