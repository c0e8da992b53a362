import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildPage, type PageEntry, type PageSpec } from '../../test/support/build-pages.ts';
import { buildTrace, layoutOf, type TraceSpec } from '../../test/support/build-trace.ts';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import type { EventRecord } from '../format/record.ts';
import { SubBufferCursor, type SubBufferLayout } from './record-cursor.ts';

const LITTLE: SubBufferLayout = { littleEndian: true, commitSize: 8, dataOffset: 16, size: 4096 };
const BIG_32: SubBufferLayout = { littleEndian: false, commitSize: 4, dataOffset: 12, size: 4096 };

interface Walked {
  readonly time: bigint;
  readonly missed: number;
  readonly data: Uint8Array;
}

const walked = ({ tsHi, tsLo, missed, bytes, start, end }: EventRecord): Walked => ({
  time: (BigInt(tsHi) << 32n) | BigInt(tsLo),
  missed,
  data: bytes.slice(start, end),
});

function walk(cursor: SubBufferCursor, next = () => cursor.next()): Walked[] {
  const events: Walked[] = [];
  while (next()) events.push(walked(cursor));
  return events;
}

function loaded(layout: SubBufferLayout, pages: readonly PageSpec[]): { bytes: Uint8Array; cursor: SubBufferCursor } {
  const bytes = new Uint8Array(pages.length * layout.size);
  pages.forEach((page, i) => void bytes.set(buildPage(layout, page), i * layout.size));
  const cursor = new SubBufferCursor(layout, 0);
  cursor.load(bytes, 0, bytes.length);
  return { bytes, cursor };
}

function walkPages(layout: SubBufferLayout, pages: readonly PageSpec[]): { events: Walked[]; corrupt: number } {
  const { cursor } = loaded(layout, pages);
  return { events: walk(cursor), corrupt: cursor.corrupt };
}

const times = (layout: SubBufferLayout, ...pages: PageSpec[]): bigint[] =>
  walkPages(layout, pages).events.map(({ time }) => time);

const ID = 900;
const FORMAT = formatText('value', ID, ['u32 value;\toffset:8;\tsize:4;\tsigned:0;'], '"value=%u", REC->value');
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const data = (delta: number, content = bytes(1, 2, 3, 4)): PageEntry => ({ kind: 'data', delta, data: content });

const delta = fc.oneof(fc.nat(1000), fc.nat((1 << 27) - 1));
/** Entries the kernel can write, each a record that the `value` format fits. */
function anyEntry(littleEndian: boolean): fc.Arbitrary<PageEntry> {
  const record = fc
    .tuple(fc.nat(), fc.constantFrom(0, 1, 40, 120))
    .map(([value, more]) => recordBytes(littleEndian, { id: ID, pid: 1 }, (out) => void out.u32(value).zeros(more)));
  return fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({ kind: fc.constant('data' as const), delta, data: record, longForm: fc.boolean() }),
    },
    fc.record({ kind: fc.constant('padding' as const), delta, size: fc.constantFrom(4, 8, 60) }),
    fc.record({ kind: fc.constant('extend' as const), delta, high: fc.oneof(fc.nat(40), fc.nat(0xffff)) }),
    fc.record({ kind: fc.constant('absolute' as const), delta, high: fc.nat(0xffff_ffff) }),
  );
}
const anyPage = (littleEndian: boolean): fc.Arbitrary<PageSpec> =>
  fc.record({
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    entries: fc.array(anyEntry(littleEndian), { maxLength: 20 }),
  });

describe.skipIf(missing('trace-cmd'))('the real trace-cmd sees the same events', () => {
  const folder = temporaryFolder();
  const shapes: TraceSpec[] = [
    { littleEndian: true, longSize: 8 },
    { littleEndian: false, longSize: 4 },
    { littleEndian: true, longSize: 4, pageSize: 8192 },
    { littleEndian: false, longSize: 8 },
  ];

  test.each(shapes)('in random sub-buffers: %o', (shape) => {
    const layout = layoutOf(shape);
    const path = join(folder, 'pages.dat');
    fc.assert(
      fc.property(fc.array(anyPage(layout.littleEndian), { minLength: 1, maxLength: 4 }), (pages) => {
        const built = pages.map((page) => buildPage(layout, page));
        const systems = [{ name: 'test', formats: [FORMAT] }];
        writeFileSync(path, buildTrace({ ...shape, systems, buffers: [{ cpus: [{ cpu: 0, pages: built }] }] }));
        const text = execFileSync('trace-cmd', ['report', '--raw-ts', '-i', path], {
          encoding: 'latin1',
          stdio: 'pipe',
        });
        const printed = [...text.matchAll(/\[000\] *(\d+): value: +value=(\d+)/g)].map((m) => `${m[1]} ${m[2]}`);
        const { events, corrupt } = walkPages(layout, pages);
        const ours = events.map((event) => {
          const view = new DataView(event.data.buffer);
          return `${event.time} ${view.getUint32(8, layout.littleEndian)}`;
        });
        expect(ours.map(unwrapped(pages))).toEqual(printed.map(unwrapped(pages)));
        expect(corrupt).toBe(0);
      }),
      { numRuns: 60 },
    );
  });

  /** trace-cmd does not undo the wrap of absolute stamps: modulo 2^59 both are the same. */
  function unwrapped(pages: readonly PageSpec[]): (line: string) => string {
    const wraps = pages.some(({ entries }) => entries.some(({ kind }) => kind === 'absolute'));
    return (line) => {
      const [time, value] = line.split(' ') as [string, string];
      return wraps ? `${BigInt(time) % 2n ** 59n} ${value}` : line;
    };
  }
});

test.each([LITTLE, BIG_32])('a sieve asks of what is not marked, and counts what does not pass', (layout) => {
  const ids = [1, 2, 3, 0xffff];
  const record = fc
    .record({ id: fc.constantFrom(...ids), more: fc.constantFrom(0, 4, 120) })
    .map(({ id, more }) => recordBytes(layout.littleEndian, { id }, (out) => void out.zeros(more)));
  const entry = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('data' as const), delta, data: record }) },
    anyEntry(layout.littleEndian),
  );
  const page = fc.record({
    timestamp: fc.bigInt({ min: 0n, max: 2n ** 62n }),
    entries: fc.array(entry, { maxLength: 20 }),
    lost: fc.nat(5),
  });
  /** Longer events do not pass; 0: nobody asks. */
  const limits = fc.constantFrom(0, 9, 13);
  fc.assert(
    fc.property(fc.array(page, { maxLength: 4 }), fc.subarray([...ids, ID]), limits, (pages, unwantedIds, limit) => {
      const unwanted = new Uint8Array(0x1_0000);
      for (const id of unwantedIds) unwanted[id] = 1;
      const { bytes, cursor } = loaded(layout, pages);
      const isAsked = ({ data, missed }: Walked) =>
        missed !== 0 || unwanted[new DataView(data.buffer).getUint16(0, layout.littleEndian)] === 0;
      const all = walk(cursor);
      const passing = new SubBufferCursor(layout, 0);
      passing.load(bytes, 0, bytes.length);
      const asked: Walked[] = [];
      const accepts = (record: EventRecord): boolean => {
        asked.push(walked(record));
        return record.end - record.start < limit;
      };
      const sieve = { unwanted, accepts: limit === 0 ? undefined : accepts };
      const isWanted = (event: Walked) => isAsked(event) && (limit === 0 || event.data.length < limit);
      expect(walk(passing, () => passing.nextThrough(sieve))).toEqual(all.filter(isWanted));
      if (limit !== 0) expect(asked).toEqual(all.filter(isAsked));
      const passed = all.filter((event) => !isWanted(event));
      expect(passing.passed).toBe(passed.length);
      const counting = new SubBufferCursor(layout, 0);
      counting.load(bytes, 0, bytes.length);
      expect(counting.countRest()).toBe(all.length);
      const latest = passed.reduce((most, { time }) => (time > most ? time : most), 0n);
      expect((BigInt(passing.passedHi) << 32n) | BigInt(passing.passedLo)).toBe(latest);
    }),
    { numRuns: 300 },
  );
});

describe('time', () => {
  test('crosses 2^32 and wraps at 2^64 as C does', () => {
    const entries = [data(0), data(10), data(5)];
    expect(times(LITTLE, { timestamp: 2n ** 32n - 8n, entries })).toEqual([
      2n ** 32n - 8n,
      2n ** 32n + 2n,
      2n ** 32n + 7n,
    ]);
    expect(times(LITTLE, { timestamp: 2n ** 64n - 8n, entries })).toEqual([2n ** 64n - 8n, 2n, 7n]);
  });

  test('a time extend reaches 59 bits', () => {
    const entries: PageEntry[] = [{ kind: 'extend', delta: 0x7ff_ffff, high: 0xffff_ffff }, data(1)];
    expect(times(BIG_32, { timestamp: 1000n, entries })).toEqual([1000n + 2n ** 59n]);
  });

  test('an absolute stamp keeps the upper 5 bits', () => {
    const timestamp = 0x5800_0000_0000_0000n + 1000n;
    const entries: PageEntry[] = [data(1), { kind: 'absolute', delta: 7, high: 100 }, data(1)];
    expect(times(LITTLE, { timestamp, entries })).toEqual([
      timestamp + 1n,
      0x5800_0000_0000_0000n + 100n * 2n ** 27n + 8n,
    ]);
  });

  test('an absolute stamp that wrapped 59 bits counts the upper bits up', () => {
    const timestamp = 2n ** 60n - 5n;
    const entries: PageEntry[] = [data(0), { kind: 'absolute', delta: 3, high: 0 }, data(0)];
    expect(times(LITTLE, { timestamp, entries })).toEqual([timestamp, 2n ** 60n + 3n]);
  });

  test('an absolute stamp a little in the past is no wrap', () => {
    const timestamp = 2n ** 60n + 100n;
    const entries: PageEntry[] = [data(0), { kind: 'absolute', delta: 50, high: 0 }, data(0)];
    expect(times(LITTLE, { timestamp, entries })).toEqual([timestamp, 2n ** 60n + 50n]);
  });

  test('an absolute stamp is compared with the time before it, without its own delta', () => {
    const timestamp = 2n ** 32n - 1n;
    const entries: PageEntry[] = [data(0), { kind: 'absolute', delta: 0x7ff_ffff, high: 31 }, data(0)];
    expect(times(LITTLE, { timestamp, entries })).toEqual([timestamp, 2n ** 32n - 1n]);
  });
});

describe('lost events', () => {
  const timestamp = 5n;
  const entries = [data(0), data(1)];
  test.each([LITTLE, BIG_32])('are told of the first event of the sub-buffer only', (layout) => {
    const { events } = walkPages(layout, [
      { timestamp, entries },
      { timestamp, entries, lost: 17 },
      { timestamp, entries, lost: 'unknown' },
      { timestamp, entries },
    ]);
    expect(events.map(({ missed }) => missed)).toEqual([0, 0, 17, 0, -1, 0, 0, 0]);
  });

  test('are told of the first event behind time extends and padding', () => {
    const odd: PageEntry[] = [
      { kind: 'padding', delta: 1, size: 8 },
      { kind: 'extend', delta: 1, high: 1 },
      ...entries,
    ];
    expect(walkPages(LITTLE, [{ timestamp, entries: odd, lost: 3 }]).events.map(({ missed }) => missed)).toEqual([
      3, 0,
    ]);
  });

  test('a count without room is unknown', () => {
    const page = buildPage(LITTLE, { timestamp, entries: [data(0, new Uint8Array(4096 - 16 - 8))], lost: 'unknown' });
    new DataView(page.buffer).setUint32(8, 0xc000_0000 + (4096 - 16), true);
    const cursor = new SubBufferCursor(LITTLE, 0);
    cursor.load(page, 0, page.length);
    expect(walk(cursor).map(({ missed }) => missed)).toEqual([-1]);
  });
});

describe('damage', () => {
  const good: PageSpec = { timestamp: 9n, entries: [data(0), data(1)] };

  test.each([
    ['a commit beyond the sub-buffer', { ...good, commit: 4096 }, 0],
    ['data beyond the commit', { ...good, commit: 12 }, 1],
    ['half an event header', { ...good, commit: 10 }, 1],
  ] as const)('%s ends that sub-buffer alone', (_what, page, before) => {
    const { events, corrupt } = walkPages(LITTLE, [page, good]);
    expect(events.length).toBe(before + 2);
    expect(corrupt).toBe(1);
  });

  test('a length word below 4 ends the sub-buffer', () => {
    const page = buildPage(LITTLE, {
      timestamp: 1n,
      entries: [data(0), { kind: 'data', delta: 0, data: new Uint8Array(200) }],
    });
    new DataView(page.buffer).setUint32(16 + 8 + 4, 3, true);
    const cursor = new SubBufferCursor(LITTLE, 0);
    cursor.load(page, 0, page.length);
    expect(walk(cursor).length).toBe(1);
    expect(cursor.corrupt).toBe(1);
  });

  test('sub-buffers of zeros have no events and are no damage', () => {
    const cursor = new SubBufferCursor(LITTLE, 0);
    cursor.load(new Uint8Array(3 * 4096), 0, 3 * 4096);
    expect([cursor.next(), cursor.corrupt]).toEqual([false, 0]);
  });

  test('a sub-buffer cut anywhere gives the events before the cut, and counts as no damage', () => {
    const page = buildPage(BIG_32, { timestamp: 9n, entries: Array.from({ length: 20 }, (_, i) => data(i)) });
    for (let length = 0; length <= page.length; length++) {
      const cursor = new SubBufferCursor(BIG_32, 0);
      cursor.load(page.slice(0, length), 0, length);
      expect(walk(cursor).length).toBe(Math.min(20, Math.max(0, Math.floor((length - 12) / 8))));
      expect(cursor.corrupt).toBe(0);
    }
  });

  test('random bytes never lead outside of them', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 0, maxLength: 600 }),
        fc.boolean(),
        fc.nat(100),
        (random, littleEndian, from) => {
          const layout: SubBufferLayout = { littleEndian, commitSize: 8, dataOffset: 16, size: 128 };
          // Most random commit words are too large: make some fit.
          for (let at = from; at + 16 <= random.length; at += 128) {
            if (at % 3 !== 0)
              random.fill(0, at + 8, at + 16).fill(100, at + (littleEndian ? 8 : 15), at + (littleEndian ? 9 : 16));
          }
          const cursor = new SubBufferCursor(layout, 0);
          cursor.load(random, from, random.length);
          while (cursor.next()) {
            expect(cursor.start).toBeGreaterThanOrEqual(from + 16);
            expect(cursor.end).toBeGreaterThanOrEqual(cursor.start);
            expect(cursor.end).toBeLessThanOrEqual(random.length);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

test('a copied cursor goes on by itself', () => {
  const page = buildPage(LITTLE, { timestamp: 9n, entries: [data(0), data(1), data(2)], lost: 4 });
  const cursor = new SubBufferCursor(LITTLE, 0);
  const copy = new SubBufferCursor(LITTLE, 0);
  cursor.load(page, 0, page.length);
  copy.copyFrom(cursor);
  expect(walk(copy).map(({ time, missed }) => [time, missed])).toEqual([
    [9n, 4],
    [10n, 0],
    [12n, 0],
  ]);
  cursor.next();
  copy.copyFrom(cursor);
  expect(walk(copy)).toEqual(walk(cursor));
});
