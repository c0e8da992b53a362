import { describe, expect, test } from 'vitest';
import { recordBytes } from '../../test/support/build-events.ts';
import { buildPages } from '../../test/support/build-pages.ts';
import { buildTrace, layoutOf, type TraceSpec } from '../../test/support/build-trace.ts';
import { eventsOf, openBytes } from '../../test/support/stream-events.ts';
import { TandemError } from '../base/errors.ts';
import type { TraceFile } from './types.ts';

const PAGE = 256;
const events = (cpu: number, count: number) =>
  Array.from({ length: count }, (_, i) => ({
    time: 1000n * BigInt(i + 1) + BigInt(cpu),
    data: recordBytes(true, { id: 900 }, (out) => void out.u32(1000 * cpu + i)),
  }));
const pages = (cpu: number, count: number): Uint8Array[] =>
  buildPages(layoutOf({ pageSize: PAGE }), events(cpu, count));

const SPEC: TraceSpec = {
  pageSize: PAGE,
  pagesPerChunk: 2,
  systems: [{ name: 'test', formats: ['a format'] }],
  kallsyms: 'ffff T one\n',
  cmdlines: '1 init\n',
  buffers: [
    {
      cpus: [
        { cpu: 0, pages: pages(0, 60) },
        { cpu: 1, pages: pages(1, 40) },
      ],
    },
    { name: 'inst', cpus: [{ cpu: 0, pages: pages(0, 30) }] },
  ],
};

/** Times of all events, by buffer and CPU in file order. */
async function timesOf(file: TraceFile): Promise<bigint[][][]> {
  return Promise.all(
    file.buffers.map((buffer) =>
      Promise.all(
        buffer.cpus
          .filter(({ size }) => size > 0)
          .map(async ({ cpu }) => (await eventsOf(file, buffer, cpu)).map(({ time }) => time)),
      ),
    ),
  );
}

const SHAPES: TraceSpec[] = [
  { version: 6 },
  { version: 7 },
  { version: 7, compression: 'zstd' },
  { version: 7, compression: 'zlib', stringsSections: 0 },
];

describe.each(SHAPES)('a file that is cut: %o', (shape) => {
  const whole = buildTrace({ ...SPEC, ...shape });

  test('anywhere gives what lies before the cut, and a warning', async () => {
    const full = await openBytes(whole);
    const fullTimes = await timesOf(full);
    expect(fullTimes.map((cpus) => cpus.map(({ length }) => length))).toEqual([[60, 40], [30]]);
    let most = 0;
    for (let length = 0; length < whole.length; length += length < 900 ? 1 : 37) {
      const opened = await openBytes(whole.slice(0, length)).catch((error: unknown) => error);
      if (opened instanceof TandemError) {
        // Nothing to read yet; from the first readable part on everything opens.
        expect(most).toBe(0);
        continue;
      }
      const file = opened as TraceFile;
      expect(file.warnings.length).toBeGreaterThan(0);
      const times = await timesOf(file);
      for (const [buffer, cpus] of times.entries()) {
        for (const [cpu, list] of cpus.entries()) {
          expect(list).toEqual(fullTimes[buffer]?.[cpu]?.slice(0, list.length));
        }
      }
      const count = times.flat(2).length;
      // The longer the file, the more events: a lost option loses none.
      expect(count).toBeGreaterThanOrEqual(most);
      most = count;
    }
    expect(most).toBe(130);
  });

  test('inside the data gives every event of every chunk or sub-buffer before the cut', async () => {
    const { buffers } = await openBytes(whole);
    const [{ offset }, { offset: end }] = [buffers[0]!.cpus[1]!, buffers[1]!.cpus[0]!];
    const file = await openBytes(whole.slice(0, offset + 3 * PAGE + 40));
    const [cpu0, cpu1] = (await timesOf(file))[0]!;
    expect(end).toBeGreaterThan(offset);
    expect(cpu0?.length).toBe(60);
    expect(cpu1?.length).toBeGreaterThanOrEqual(shape.compression === undefined ? 24 : 16);
  });
});

describe('a recording that was not finished', () => {
  test.each(SHAPES.filter(({ version }) => version === 7))('with sizes that nobody filled in: %o', async (shape) => {
    const whole = buildTrace({ ...SPEC, ...shape, buffers: SPEC.buffers!.slice(0, 1) });
    const { sections, header, buffers } = await openBytes(whole);
    const data = sections.find(({ id }) => id === 3)!;
    const last = buffers[0]!.cpus[1]!;
    const cut = whole.slice(0, last.offset + last.size + 4);
    const view = new DataView(cut.buffer);
    view.setBigUint64(data.offset + 8, 0n, true);
    view.setBigUint64(header.end - 8, 0n, true);
    const file = await openBytes(cut);
    expect((await timesOf(file)).map((cpus) => cpus.map(({ length }) => length))).toEqual([[60, 40]]);
    expect(file.warnings).toEqual(
      expect.arrayContaining([
        expect.stringContaining('not finished'),
        expect.stringContaining('numbered in file order'),
      ]),
    );
    expect(file.texts.systems.length).toBe(1);
  });
});
