import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../../test/support/build-events.ts';
import { buildTrace, type OptionSpec, type TraceSpec } from '../../../test/support/build-trace.ts';
import type { ByteBuilder } from '../../../test/support/byte-builder.ts';
import { missing } from '../../../test/support/capabilities.ts';
import { bundledCapture, bundledCaptures, readTrace } from '../../../test/support/captures.ts';
import { expectSameText } from '../../../test/support/same-text.ts';
import { temporaryFolder } from '../../../test/support/temp-folder.ts';
import { memorySource } from '../../base/byte-source.ts';
import { ByteWriter } from '../../base/byte-writer.ts';
import { TandemError } from '../../base/errors.ts';
import { portableCodecs } from '../../trace-file/codecs.ts';
import { dumpTrace } from './dump.ts';
import type { DumpCompat } from './option-names.ts';
import { DUMP_PARTS, type DumpPart } from './parts.ts';

const NAME = 'trace.dat';
const folder = temporaryFolder();
const unable = missing('trace-cmd 3.1');

interface Dumped {
  readonly text: Buffer;
  readonly error: TandemError | undefined;
}

async function dump(file: Uint8Array, parts: readonly DumpPart[], compat: DumpCompat = '3.4'): Promise<Dumped> {
  const out = new ByteWriter();
  const drain = async (): Promise<void> => {};
  let error: TandemError | undefined;
  try {
    await dumpTrace(memorySource(NAME, file), out, { parts: new Set(parts), compat, codecs: portableCodecs, drain });
  } catch (thrown) {
    if (!(thrown instanceof TandemError)) throw thrown;
    error = thrown;
  }
  return { text: Buffer.from(out.view()), error };
}

async function lines(file: Uint8Array, parts: readonly DumpPart[], compat?: DumpCompat): Promise<string[]> {
  const { text, error } = await dump(file, parts, compat);
  expect(error).toBeUndefined();
  return text.toString('latin1').split('\n');
}

const EACH_ALONE = DUMP_PARTS.filter((part) => part !== 'modules').map((part) => [part]);

/** Compares a dump of all parts together, and of each of `selections`, with what the installed trace-cmd prints. */
async function expectAsStock(file: Uint8Array, what: string, selections: readonly DumpPart[][] = []): Promise<void> {
  writeFileSync(join(folder, NAME), file);
  for (const parts of [DUMP_PARTS, ...selections]) {
    const option = parts === DUMP_PARTS ? '--all' : `--${parts[0]}`;
    const stock = execFileSync('trace-cmd', ['dump', option, '-i', NAME], { cwd: folder, maxBuffer: 1 << 28 });
    const { text, error } = await dump(file, parts, '3.1');
    expectSameText(text, stock, `${what} ${option}`);
    expect(error).toBeUndefined();
  }
}

describe('captures, as the installed trace-cmd dumps them', () => {
  test.for(bundledCaptures().flatMap((capture) => capture.files.map((file) => ({ file, capture }))))(
    '$file',
    async ({ file, capture }, context) => {
      context.skip(unable !== undefined, unable);
      await expectAsStock(readTrace(capture, file), file);
    },
  );

  test.for(['local-l0-syscalls-v6', 'local-guest-instances', 'tcp-ptp-local'])(
    'each part of %s alone',
    async (name, context) => {
      context.skip(unable !== undefined, unable);
      const capture = bundledCapture(name);
      const file = capture.files.at(-1) as string;
      await expectAsStock(readTrace(capture, file), file, EACH_ALONE);
    },
  );
});

const text = (value: string) => (out: ByteBuilder) => void out.cString(value);

interface Sample {
  readonly time: bigint;
  readonly offset: number;
  readonly scaling: bigint;
  readonly fraction: number;
}

/** Data of an option TIME_SHIFT. `count` overrides the number of samples that is said for each CPU. */
function timeShift(cpus: readonly (readonly Sample[])[], fractions: boolean, count?: number) {
  return (out: ByteBuilder): void => {
    out.u64(0xdeadbeefcafef00dn).u32(1).u32(cpus.length);
    for (const samples of cpus) {
      out.u32(count ?? samples.length);
      for (const { time } of samples) out.u64(time);
      for (const { offset } of samples) out.u64(offset);
      for (const { scaling } of samples) out.u64(scaling);
    }
    if (fractions) for (const { fraction } of cpus.flat()) out.u64(fraction);
  };
}

const early: Sample = { time: 1_000_000n, offset: 500, scaling: 1n, fraction: 0 };
const late: Sample = { time: 2n ** 64n - 256n, offset: -700, scaling: 2n ** 48n, fraction: 48 };

/** One of each, in the sizes at which texts are cut up, and with what a writer may leave out. */
const OPTIONS: readonly OptionSpec[] = [
  { id: 1, data: text('0x1234567890') },
  { id: 2, data: (out) => void out.text('CPU: 0\nentries: 3\n') },
  { id: 5, data: text('Linux h 6.1 x86_64') },
  { id: 6, data: text('sched:sched_switch,pid/sched:sched_wakeup,pid') },
  { id: 7, data: text('-12345') },
  { id: 9, data: text('3.4.0 foo') },
  { id: 10, data: text('1f 2 /bin/cat\n400000 500000 /bin/cat\n7f0000 7f1000 /lib/x\n') },
  { id: 7, data: new Uint8Array(0) },
  ...[1022, 1023, 1024].map((length) => ({ id: 5, data: text('x'.repeat(length)) })),
  { id: 5, data: text(`${'a'.repeat(500)}\0not shown${'c'.repeat(1600)}\0dd`) },
  { id: 11, data: (out) => void out.u64(0xfedcba9876543210n) },
  { id: 11, data: (out) => void out.u64(5) },
  {
    id: 13,
    data: (out) =>
      void out
        .cString('gäst')
        .u64(1n << 63n)
        .u32(2)
        .u32(0)
        .u32(4711)
        .u32(1)
        .u32(-1),
  },
  { id: 13, data: (out) => void out.cString('none').u64(1).u32(0) },
  { id: 13, data: (out) => void out.cString('cut').u64(1).u32(3).u32(0).u32(9) },
  { id: 13, data: (out) => void out.cString('shorter').u32(1) },
  { id: 14, data: (out) => void out.u32(894784853).u32(31).u64(0) },
  { id: 14, data: (out) => void out.u32(0xf0000000).u32(31).u64(-1) },
  { id: 12, data: timeShift([[early, late]], true) },
  { id: 12, data: timeShift([[late], [early]], true) },
  { id: 12, data: timeShift([[late], [early]], false) },
  { id: 12, data: timeShift([[], [early]], true) },
  { id: 12, data: timeShift([], false) },
  { id: 23, data: (out) => void out.u64(123) },
  { id: 24, data: text('boot:0 [kernel]\n') },
  { id: 99, data: text('hello') },
  { id: 40_000, data: new Uint8Array(70_000) },
];

const FORMAT = formatText('value', 900, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');

type Shape = readonly [version: 6 | 7, littleEndian: boolean, compression: 'none' | 'zstd'];

/** Builds upon this: two CPUs of three with events, several systems. */
function base(...[version, littleEndian, compression]: Shape): TraceSpec {
  const cpus = [0, 2].map((cpu) => ({
    cpu,
    events: [{ time: 1000n, data: recordBytes(littleEndian, { id: 900 }, (out) => void out.u32(cpu)) }],
  }));
  return {
    version,
    littleEndian,
    compression,
    ftraceFormats: [FORMAT],
    systems: [
      { name: 'test', formats: [FORMAT, FORMAT] },
      { name: 'empty', formats: [] },
    ],
    kallsyms: 'ffffffff81000000 T _text\n'.repeat(3000),
    printk: '0xff : "x"\n',
    cmdlines: '7 seven\n8 of eight\n',
    buffers: [{ cpus }],
  };
}

const SHAPES: readonly Shape[] = [
  [6, true, 'none'],
  [6, false, 'none'],
  [7, true, 'none'],
  [7, false, 'zstd'],
];

describe('files that no capture is like, as the installed trace-cmd dumps them', () => {
  test.for<Shape>(SHAPES)('version %i, little endian %s, compression %s', async (shape, context) => {
    context.skip(unable !== undefined, unable);
    const spec = base(...shape);
    const [top] = spec.buffers as [{ cpus: [] }];
    const variants: Record<string, TraceSpec> = {
      options: { ...spec, options: OPTIONS },
      instances: {
        ...spec,
        cpuCount: 4,
        buffers: [top, { name: 'one', clock: 'mono', pageSize: 8192, cpus: top.cpus }, { name: 'two', cpus: [] }],
      },
      'no clock': { ...spec, traceClock: null },
      latency: { ...spec, latencyText: '# tracer: wakeup\nline\n' },
      'small longs, large pages': { ...spec, longSize: 4, pageSize: 16384, headerPage: '' },
      'texts with NULs': { ...spec, kallsyms: `${'k'.repeat(1100)}\0not shown\0${'j'.repeat(3000)}` },
      'texts in chunks': {
        ...spec,
        printk: 'p'.repeat(1024),
        cmdlines: 'c'.repeat(1023),
        headerPage: 'h'.repeat(2046),
      },
      'no strings': { ...spec, stringsSections: 0 },
      'strings in two sections': { ...spec, stringsSections: 2 },
      'unknown sections': {
        ...spec,
        extraSections: [23, 25, 26, 300].map((id) => ({ id, body: new Uint8Array(id % 9) })),
      },
    };
    for (const [what, variant] of Object.entries(variants)) await expectAsStock(buildTrace(variant), what);
  });
});

describe('what 3.4 knows and 3.1 does not', () => {
  test('the text of LAST_BOOT_INFO; BTF stays unknown', async () => {
    const options = OPTIONS.filter(({ id }) => id === 23 || id === 24);
    const shown = await lines(buildTrace({ traceClock: null, options, buffers: [{ cpus: [] }] }), ['options']);
    const start = shown.findIndex((line) => line.includes('CPUCOUNT'));
    expect(shown.slice(start + 2, start + 6)).toEqual([
      ' 23 8\t[Unknown option, size - skipping]',
      '\t\t[Option LAST_BOOT_INFO, 17 bytes]',
      'boot:0 [kernel]',
      '',
    ]);
  });

  test('sections up to 25, and the list of modules', async () => {
    const modules = 'kvm 1 2 - Live 0xffffffffc0000000\nvfio 1 0 - Live 0xffffffffc0100000\n';
    const extraSections = [22, 25, 26].map((id) => ({ id, body: new TextEncoder().encode(id === 25 ? modules : '') }));
    const spec = (offset: number): TraceSpec => ({
      extraSections,
      options: [{ id: 25, data: (out) => void out.u64(offset) }],
      buffers: [{ cpus: [] }],
    });
    // The pointer comes behind the section: its value moves nothing.
    const offset = Buffer.from(buildTrace(spec(0))).indexOf('kvm 1 2') - 16;
    const file = buildTrace(spec(offset));
    expect(await lines(file, ['modules'])).toEqual([
      `\t[Section 25 @ ${offset}: "Unknown", flags 0x0, 69 bytes]`,
      '\t[Saved modules]',
      ...modules.split('\n'),
      '[69 bytes]',
      '',
    ]);
    expect(await lines(file, ['options'])).toContain(`\t\t[Option MODULES_FILE, 8 bytes] @ ${offset}`);
    expect(await lines(file, ['options'], '3.1')).toContain(' 25 8\t[Unknown option, size - skipping]');
    const unknown = async (compat: DumpCompat): Promise<string[]> =>
      (await lines(file, ['sections'], compat)).flatMap((line) => /^Unknown section id \d+/.exec(line) ?? []);
    expect(await unknown('3.4')).toEqual(['Unknown section id 26']);
    expect(await unknown('3.1')).toEqual(['Unknown section id 25', 'Unknown section id 26']);
  });
});

describe('whole files that trace-cmd cannot dump', () => {
  test('version 6 without events', async () => {
    const file = buildTrace({ version: 6, buffers: [{ cpus: [] }] });
    expect((await lines(file, ['summary'])).slice(-4)).toEqual([
      '\t[Flyrecord tracing data]',
      '\t[Tracing clock]',
      '\t\t[local]',
      '',
    ]);
  });

  test('compressed options', async () => {
    const spec = base(7, true, 'zstd');
    const packed = await lines(buildTrace({ ...spec, compressOptions: true }), ['summary', 'clock']);
    expect(packed).toEqual(await lines(buildTrace(spec), ['summary', 'clock']));
  });

  test('zlib', async () => {
    const spec = { ...base(7, true, 'none'), options: OPTIONS };
    const texts = ['head-page', 'events', 'kallsyms', 'cmd-lines'] as const;
    const withoutPlaces = async (file: Uint8Array): Promise<string[]> =>
      (await lines(file, texts)).filter((line) => !line.startsWith('\t[Section'));
    const packed = await withoutPlaces(buildTrace({ ...spec, compression: 'zlib' }));
    expect(packed).toEqual(await withoutPlaces(buildTrace(spec)));
  });
});

describe('damaged files', () => {
  test('a TIME_SHIFT that does not add up is called broken, and the options behind it are shown', async () => {
    const damaged: [OptionSpec['data'], string[]][] = [
      [(out) => void out.u64(1).u32(2), []],
      [(out) => void out.u64(1).u32(2).u32(0xffffffff), ['0x1 [', '0x2 [', '0xFFFFFFFF [']],
      [
        (out) =>
          void out
            .u64(1)
            .u32(2)
            .u32(1)
            .u32(1 << 30),
        ['0x1 [', '0x2 [', '0x1 [', '1073741824 ['],
      ],
      [timeShift([[early]], true, 2), ['0xDEADBEEFCAFEF00D [', '0x1 [', '0x1 [', '2 [']],
    ];
    for (const [data, before] of damaged) {
      const options = [
        { id: 12, data },
        { id: 9, data: text('behind') },
      ];
      const shown = await lines(buildTrace({ options, buffers: [{ cpus: [] }] }), ['options']);
      const start = shown.findIndex((line) => line.includes('TimeShift'));
      const end = shown.indexOf('Broken time shift option');
      expect(shown.slice(start + 1, end).map((line) => line.slice(0, line.indexOf('[') + 1))).toEqual(before);
      expect(shown.slice(end + 1, end + 3)).toEqual(['\t\t[Option VERSION, 7 bytes]', 'behind']);
    }
  });

  test('too short an option is an error, after everything else was shown', async () => {
    const options = [{ id: 14, data: (out: ByteBuilder) => void out.u32(1) }];
    const { text: shown, error } = await dump(buildTrace({ options, buffers: [{ cpus: [] }] }), ['summary']);
    expect(shown.toString()).toMatch(/\[Header event, 26 bytes\]\n\t\[\d+ sections\]\n$/);
    expect(error?.message).toMatch(/^trace\.dat: section 0 \(options\) at 0x[0-9a-f]+: option 14: ends 4 bytes early/);
  });

  test('options that lead back to themselves', async () => {
    const file = buildTrace(base(7, true, 'none'));
    const view = new DataView(file.buffer);
    const first = view.getBigUint64(Buffer.from(file).indexOf('none') + 6, true);
    const done = Number(first) + 16 + Number(view.getBigUint64(Number(first) + 8, true)) - 8;
    view.setBigUint64(done, first, true);
    const { text: shown, error } = await dump(file, ['summary', 'kallsyms']);
    expect(shown.toString()).toContain('ffffffff81000000 T _text\n');
    expect(error?.code).toBe('CORRUPT');
    expect(error?.message).toContain('come twice');
  });

  test('cut anywhere: what is shown is what the whole file begins with, up to where its parts are listed', async () => {
    const v6 = buildTrace({ ...base(6, true, 'none'), kallsyms: '0 T a\n' });
    const whole = (await dump(v6, ['summary', 'kallsyms', 'options'])).text;
    for (let length = 0; length < v6.length; length += length < 2500 ? 1 : 97) {
      const { text: shown, error } = await dump(v6.subarray(0, length), ['summary', 'kallsyms', 'options']);
      expect(error, `cut at ${length}`).toBeInstanceOf(TandemError);
      expectSameText(shown, whole.subarray(0, shown.length), `cut at ${length}`);
    }
  });

  test('never anything but one line of error', async () => {
    const capture = bundledCapture('kvm-auto-1vcpu');
    const files = [
      ...capture.files.map((file) => readTrace(capture, file)),
      ...SHAPES.map((shape) => buildTrace({ ...base(...shape), options: OPTIONS })),
    ];
    const change = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), to: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { maxLength: 4 }),
        fc.double({ min: 0.01, max: 2, noNaN: true }),
        async (file, changes, kept) => {
          const damaged = Uint8Array.from(file.subarray(0, Math.ceil(kept * file.length)));
          for (const { at, to } of changes) damaged[Math.floor(at * at * damaged.length)] = to;
          const { error } = await dump(damaged, DUMP_PARTS);
          expect(error?.message ?? '').not.toContain('\n');
        },
      ),
      { numRuns: 500 },
    );
  });
});
