import { decompress, init } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { recordBytes } from '../../test/support/build-events.ts';
import { buildPage, buildPages, type EventSpec } from '../../test/support/build-pages.ts';
import { buildTrace, layoutOf, type TraceSpec } from '../../test/support/build-trace.ts';
import { eventsOf, openBytes, remainingEvents } from '../../test/support/stream-events.ts';
import type { ByteSource } from '../base/byte-source.ts';
import { type Codecs, portableCodecs } from './codecs.ts';
import { openCpuStream } from './cpu-stream.ts';
import { lastStamp } from './last-stamp.ts';
import { type CpuStream, STREAM_END, STREAM_LOAD } from './stream-types.ts';
import type { TraceFile } from './types.ts';

/** Event i has time 1000 + 10 i and holds i. */
const event = (i: number): EventSpec => ({
  time: 1000n + 10n * BigInt(i),
  data: recordBytes(true, { id: 900 }, (out) => void out.u32(i)),
});
const events = (count: number): EventSpec[] => Array.from({ length: count }, (_, i) => event(i));
const EMPTY_PAGE = buildPage(layoutOf({ pageSize: 128 }), { timestamp: 0n, entries: [] });

/** Sub-buffers of 128 bytes, so that few events make many; now and then one without events. */
function tracePages(count: number, emptyAfter: readonly number[]): Uint8Array[] {
  const pages = buildPages(layoutOf({ pageSize: 128 }), events(count));
  for (const at of [...emptyAfter].sort((a, b) => b - a)) pages.splice(at % (pages.length + 1), 0, EMPTY_PAGE);
  return pages;
}

/** A codec that never answers at once, as one in a worker. */
const lateCodecs: Codecs = {
  decompress: async (name, compressed, size) => {
    await new Promise((done) => setTimeout(done));
    return portableCodecs.decompress(name, compressed, size);
  },
};

/** One that takes several blocks at once, and writes over memory that it is given a second time. */
const jointCodecs: Codecs = {
  ...portableCodecs,
  decompressAll: async (name, blocks, target) => {
    if (name !== 'zstd') return false;
    target.fill(0xee);
    await Promise.resolve();
    let end = 0;
    for (const block of blocks) {
      const bytes = decompress(block, { defaultHeapSize: target.length });
      target.set(bytes, end);
      end += bytes.length;
    }
    return end === target.length;
  },
};

beforeAll(init);

const shape = fc.record({
  version: fc.constantFrom(6 as const, 7 as const),
  compression: fc.constantFrom('none' as const, 'zlib' as const, 'zstd' as const),
  pagesPerChunk: fc.integer({ min: 1, max: 4 }),
});
const anyTrace = fc.record({
  shape,
  count: fc.nat(120),
  emptyAfter: fc.array(fc.nat(100), { maxLength: 8 }),
  codecs: fc.constantFrom(portableCodecs, lateCodecs, jointCodecs),
  isAtHand: fc.boolean(),
  options: fc.record({ windowBytes: fc.integer({ min: 0, max: 1000 }), lookahead: fc.boolean() }),
});

type AnyTrace = typeof anyTrace extends fc.Arbitrary<infer T> ? T : never;

async function openFile(of: AnyTrace): Promise<TraceFile> {
  const pages = tracePages(of.count, of.emptyAfter);
  const spec: TraceSpec = { ...of.shape, pageSize: 128, buffers: [{ cpus: [{ cpu: 3, pages }] }] };
  const bytes = buildTrace(spec);
  const file = await openBytes(bytes, of.codecs);
  return of.isAtHand ? { ...file, source: atHand(file.source, bytes) } : file;
}

/** What can be read at once. */
const atHand = (source: ByteSource, bytes: Uint8Array): ByteSource => ({
  ...source,
  readNow: (target, offset) => {
    const part = bytes.subarray(offset, offset + target.length);
    target.set(part);
    return part.length;
  },
});

async function open(of: AnyTrace): Promise<CpuStream> {
  const file = await openFile(of);
  return openCpuStream(file, file.buffers[0]!, 3, of.options);
}

const indexOf = (data: Uint8Array): number => new DataView(data.buffer, data.byteOffset).getUint32(8, true);
const indices = async (stream: CpuStream): Promise<number[]> =>
  (await remainingEvents(stream)).map(({ data }) => indexOf(data));
const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => from + i);

describe('a stream', () => {
  test('gives every event once, in order, whatever the windows', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, async (of) => {
        expect(await indices(await open(of))).toEqual(range(0, of.count));
      }),
      { numRuns: 150 },
    );
  });

  test('peek shows what comes next, across window borders', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, async (of) => {
        const stream = await open({ ...of, options: { ...of.options, lookahead: true } });
        let expected: bigint | undefined;
        let count = 0;
        for (;;) {
          const state = stream.advance();
          if (state === STREAM_END) break;
          if (state === STREAM_LOAD) {
            await stream.load();
            continue;
          }
          const { tsLo } = stream.record;
          if (count > 0) expect(BigInt(tsLo)).toBe(expected);
          const next = stream.peek();
          expect(stream.record.tsLo).toBe(tsLo);
          expected = next && BigInt(next.tsLo);
          count++;
        }
        expect([count, expected]).toEqual([of.count, undefined]);
      }),
      { numRuns: 150 },
    );
  });

  test('seek goes to the sub-buffer that can hold the time, from wherever the stream is', async () => {
    await fc.assert(
      fc.asyncProperty(
        anyTrace,
        fc.array(fc.tuple(fc.nat(130), fc.nat(5)), { minLength: 1, maxLength: 4 }),
        async (of, seeks) => {
          const stream = await open(of);
          const perPage = 3;
          for (const [index, steps] of seeks) {
            await stream.seek(1000n + 10n * BigInt(index));
            for (let step = 0; step < steps; step++) if (stream.advance() === STREAM_LOAD) await stream.load();
            await stream.seek(1000n + 10n * BigInt(index));
            const found = await indices(stream);
            expect(found.at(-1) ?? -1).toBe(of.count - 1);
            expect(found).toEqual(range(found[0] ?? of.count, of.count));
            // No later than the place sought, and at most two sub-buffers of events before it.
            if (of.count > 0) {
              expect(found[0]).toBeLessThanOrEqual(Math.min(index, of.count - 1));
              expect(found[0]).toBeGreaterThanOrEqual(Math.min(index, of.count) - 2 * perPage);
            }
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  test('knows its first and last time, and stays where it is', async () => {
    await fc.assert(
      fc.asyncProperty(anyTrace, async (of) => {
        const file = await openFile(of);
        const stream = openCpuStream(file, file.buffers[0]!, 3, of.options);
        const last = of.count === 0 ? undefined : 990n + 10n * BigInt(of.count);
        expect(await stream.lastTime()).toBe(last);
        expect(await lastStamp(file, file.buffers[0]!, 3)).toBe(last);
        expect(await stream.firstTime()).toBe(of.count === 0 ? undefined : 1000n);
        expect(await indices(stream)).toEqual(range(0, of.count));
      }),
      { numRuns: 60 },
    );
  });

  test('reads data beyond 4 GiB', async () => {
    const far = 5 * 2 ** 30;
    for (const compression of ['none', 'zstd'] as const) {
      const spec: TraceSpec = { pageSize: 128, compression, buffers: [{ cpus: [{ cpu: 0, events: events(50) }] }] };
      const file = await openBytes(buildTrace(spec));
      const near = file.source;
      const source: ByteSource = {
        ...near,
        size: near.size + far,
        read: (offset, length) => near.read(offset - far, length),
        readInto: (target, offset) => near.readInto(target, offset - far),
      };
      const [buffer] = file.buffers;
      const cpus = buffer!.cpus.map((data) => ({ ...data, offset: data.offset + far }));
      const stream = openCpuStream({ ...file, source }, { ...buffer!, cpus }, 0, {
        windowBytes: 256,
        lookahead: false,
      });
      await stream.seek(1250n);
      expect((await indices(stream)).slice(-25)).toEqual(range(25, 50));
      expect(await stream.lastTime()).toBe(1490n);
    }
  });

  test('loses nothing by loading what it could have read at once', async () => {
    const bytes = buildTrace({ pageSize: 128, buffers: [{ cpus: [{ cpu: 0, events: events(50) }] }] });
    const file = await openBytes(bytes);
    const options = { windowBytes: 256, lookahead: false };
    const stream = openCpuStream({ ...file, source: atHand(file.source, bytes) }, file.buffers[0]!, 0, options);
    await stream.load();
    expect(await indices(stream)).toEqual(range(0, 50));
  });

  test('of a CPU that is not there ends at once', async () => {
    const file = await openBytes(buildTrace({ buffers: [{ cpus: [{ cpu: 0, events: events(3) }] }] }));
    const stream = openCpuStream(file, file.buffers[0]!, 1, { windowBytes: 4096, lookahead: true });
    expect(stream.advance()).toBe(STREAM_END);
    expect(await stream.firstTime()).toBeUndefined();
    expect(await stream.lastTime()).toBeUndefined();
    await stream.seek(5n);
    expect(stream.advance()).toBe(STREAM_END);
  });

  test('says how many events were lost, once', async () => {
    const list = events(100).map((one, i) => (i === 50 ? { ...one, lost: 12 } : one));
    const spec: TraceSpec = {
      pageSize: 256,
      compression: 'zstd',
      pagesPerChunk: 1,
      buffers: [{ cpus: [{ cpu: 0, events: list }] }],
    };
    const file = await openBytes(buildTrace(spec));
    const missed = (await eventsOf(file, file.buffers[0]!, 0)).map((one) => one.missed);
    expect(missed.flatMap((count, i) => (count === 0 ? [] : [[i, count]]))).toEqual([[50, 12]]);
  });
});

describe('a damaged chunk', () => {
  async function withDamage(damage: (bytes: Uint8Array, offsets: number[], view: DataView) => void) {
    const pages = buildPages(layoutOf({ pageSize: 256 }), events(60));
    const spec: TraceSpec = {
      pageSize: 256,
      compression: 'zstd',
      pagesPerChunk: 1,
      buffers: [{ cpus: [{ cpu: 0, pages }] }],
    };
    const bytes = buildTrace(spec);
    const view = new DataView(bytes.buffer);
    const { offset } = (await openBytes(bytes)).buffers[0]!.cpus[0]!;
    const offsets: number[] = [];
    for (let at = offset + 4; offsets.length < pages.length; at += 8 + view.getUint32(at, true)) offsets.push(at);
    damage(bytes, offsets, view);
    const file = await openBytes(bytes);
    const stream = openCpuStream(file, file.buffers[0]!, 0, { windowBytes: 1 << 16, lookahead: false });
    return { found: await indices(stream), warnings: stream.warnings, at: offsets };
  }
  const perPage = 8;

  test('loses its own events only', async () => {
    const { found, warnings } = await withDamage((bytes, at) => void bytes.fill(0xff, at[1]! + 8, at[1]! + 12));
    expect(found).toEqual([...range(0, perPage), ...range(2 * perPage, 60)]);
    expect(warnings).toEqual([
      expect.stringMatching(/^chunk at 0x[0-9a-f]+: cannot be decompressed.*its events are lost$/),
    ]);
  });

  test('with another size than promised is not believed', async () => {
    const { found, warnings } = await withDamage((_bytes, at, view) => view.setUint32(at[1]! + 4, 512, true));
    expect(found.length).toBe(60 - perPage);
    expect(warnings.length).toBe(1);
  });

  test.each([0, 0xffff_ffff])('whose stored size is %i ends the CPU', async (size) => {
    const { found, warnings } = await withDamage((_bytes, at, view) => view.setUint32(at[1]!, size, true));
    expect(found).toEqual(range(0, perPage));
    expect(warnings).toEqual([expect.stringContaining('no chunk begins at')]);
  });

  test('that claims gigabytes allocates nothing', async () => {
    const { found, warnings } = await withDamage((_bytes, at, view) => view.setUint32(at[1]! + 4, 0xffff_f000, true));
    expect(found).toEqual(range(0, perPage));
    expect(warnings.length).toBe(1);
  });
});
