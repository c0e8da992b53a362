import { execFileSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatText, recordBytes } from '../../test/support/build-events.ts';
import { buildPages, type EventSpec } from '../../test/support/build-pages.ts';
import { buildTrace, layoutOf, type OptionSpec, type TraceSpec } from '../../test/support/build-trace.ts';
import { openBytes } from '../../test/support/stream-events.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import type { EventRecord } from '../format/record.ts';
import { Correction, type CorrectionMode } from '../time/correction.ts';
import type { HostTime } from '../time/types.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { bufferTimes, mergeOrder } from './buffer-times.ts';
import type { TimelineEntry, TimelineInput } from './lane.ts';
import { Timeline } from './timeline.ts';

const FIELDS = ['u32 odd;\toffset:8;\tsize:4;\tsigned:0;', 'u32 number;\toffset:12;\tsize:4;\tsigned:0;'];
const TEXT = '"number=%u", REC->number';
const EVEN = 900;
const SYSTEMS = [
  { name: 'test', formats: [formatText('even', EVEN, FIELDS, TEXT), formatText('odd', EVEN + 1, FIELDS, TEXT)] },
];
const numberOf = (record: EventRecord): number => record.view.getUint32(record.start + 12, true);
const isOdd = (record: EventRecord): boolean => record.view.getUint32(record.start + 8, true) === 1;
const EVEN_UNWANTED = Uint8Array.from({ length: 0x1_0000 }, (_, id) => (id === EVEN ? 1 : 0));

/** All events; the odd ones, each event looked at; the odd ones, the others passed over by their id. */
type Filtering = 'all' | 'asks' | 'passes over';
const FILTERS: Readonly<Record<Filtering, Pick<TimelineInput, 'accepts' | 'unwanted'>>> = {
  all: {},
  asks: { accepts: isOdd },
  'passes over': { accepts: isOdd, unwanted: EVEN_UNWANTED },
};
const filters = fc.constantFrom('asks' as const, 'passes over' as const);
const anyFilter = fc.option(filters, { nil: 'all' as const });

/** Raw times per buffer and CPU; the offsets by which a guest's clock is stepped at times. */
interface FileShape {
  readonly buffers: readonly (readonly (readonly number[])[])[];
  readonly steps: readonly { readonly time: number; readonly offset: number }[];
}

function eventAt(time: number, number: number): EventSpec {
  const data = recordBytes(true, { id: EVEN + (number % 2), pid: 7 }, (out) => void out.u32(number % 2).u32(number));
  return { time: BigInt(time), data };
}

/** A file whose events are numbered from `first` on. */
function fileOf(shape: FileShape, version: 6 | 7, first: number): Uint8Array {
  let number = first;
  const buffers = shape.buffers.map((cpus, i) => ({
    name: i === 0 ? '' : `instance${i}`,
    cpus: cpus.map((times, cpu) => ({
      cpu,
      events: [...times].sort((a, b) => a - b).map((time) => eventAt(time, number++)),
    })),
  }));
  const samples = shape.steps;
  const timeShift: OptionSpec = {
    id: 12,
    data: (out) => {
      const cpus = Math.max(...shape.buffers.map((list) => list.length));
      out.u64(1).u32(0).u32(cpus);
      for (let cpu = 0; cpu < cpus; cpu++) {
        out.u32(samples.length);
        for (const { time } of samples) out.u64(time);
        for (const { offset } of samples) out.u64(BigInt.asUintN(64, BigInt(offset)));
        for (const _ of samples) out.u64(1);
      }
      for (let i = 0; i < cpus * samples.length; i++) out.u64(0);
    },
  };
  const options = samples.length > 0 ? [timeShift] : [];
  const spec: TraceSpec = { version, options, systems: SYSTEMS, buffers };
  return buildTrace(spec);
}

function timelineOf(files: readonly TraceFile[], mode: CorrectionMode, filter: Filtering): Timeline<TimelineInput> {
  const inputs = mergeOrder(files).map(({ file, buffer: index, cpu }) => {
    const buffer = files[file]!.buffers[index]!;
    const rules = bufferTimes(files[file]!, buffer, { mode, rawTimes: false, ignoreDate: false, offset: 0n });
    const stream = openCpuStream(files[file]!, buffer, cpu, { windowBytes: 4096, lookahead: true });
    return { stream, correction: new Correction(cpu, rules), ...FILTERS[filter] };
  });
  return new Timeline(inputs);
}

type Visit = (entry: TimelineEntry<TimelineInput>) => void;

async function forEach(timeline: Timeline<TimelineInput>, visit: Visit): Promise<void> {
  await timeline.fill();
  while (!timeline.ended) {
    for (let entry = timeline.next(); entry; entry = timeline.next()) visit(entry);
    await timeline.fill();
  }
}

async function numbers(timeline: Timeline<TimelineInput>): Promise<number[]> {
  const result: number[] = [];
  await forEach(timeline, ({ record }) => result.push(numberOf(record)));
  return result;
}

const times = fc.array(fc.nat(40), { maxLength: 25 });
const buffersOf = (most: number) =>
  fc
    .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: most }))
    .chain(([cpus, count]) =>
      fc.array(fc.array(times, { minLength: cpus, maxLength: cpus }), { minLength: count, maxLength: count }),
    );
/** Offsets that throw the clock forth and back, as a guest whose TSC is written does. */
const steps = fc.uniqueArray(fc.record({ time: fc.nat(40), offset: fc.integer({ min: 0, max: 30 }) }), {
  maxLength: 4,
  selector: ({ time }) => time,
});
const shapes = (most: number) =>
  fc.array(fc.record({ buffers: buffersOf(3), steps }), { minLength: 1, maxLength: most });
const versions = fc.constantFrom(6 as const, 7 as const);

const bytesOf = (list: readonly FileShape[], version: 6 | 7): Uint8Array[] =>
  list.map((shape, i) => fileOf(shape, version, 1000 * i));
const opened = (files: readonly Uint8Array[]): Promise<TraceFile[]> => Promise.all(files.map((one) => openBytes(one)));

const traceCmd = '/usr/bin/trace-cmd';
const folder = temporaryFolder();

describe.skipIf(!existsSync(traceCmd))('the order is the real trace-cmd', () => {
  function printed(files: readonly Uint8Array[], ...options: string[]): number[] {
    const named = files.flatMap((bytes, i) => {
      const path = join(folder, `${i}.dat`);
      writeFileSync(path, bytes);
      return ['-i', path];
    });
    const text = execFileSync(traceCmd, ['report', ...options, ...named], { encoding: 'latin1', stdio: 'pipe' });
    return [...text.matchAll(/number=(\d+)/g)].map((match) => Number(match[1]));
  }

  test('of files and instances, with many events at the same time, and clocks that go back', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(3), versions, async (list, version) => {
        const files = bytesOf(list, version);
        const timeline = timelineOf(await opened(files), 'stock', 'all');
        expect(await numbers(timeline)).toEqual(printed(files));
      }),
      { numRuns: 60 },
    );
  });

  test('of the events that a filter leaves', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(1), versions, filters, async ([shape], version, filter) => {
        // With instances the installed one crashes.
        const files = bytesOf([{ ...shape!, buffers: shape!.buffers.slice(0, 1) }], version);
        const timeline = timelineOf(await opened(files), 'stock', filter);
        expect(await numbers(timeline)).toEqual(printed(files, '-F', 'test: odd == 1'));
      }),
      { numRuns: 60 },
    );
  });

  test('where the stamps themselves go back from one sub-buffer to the next', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(times, { maxLength: 4 }), { minLength: 2, maxLength: 3 }),
        anyFilter,
        async (cpus, filter) => {
          let number = 0;
          const layout = layoutOf({});
          const pages = (lists: readonly number[][]) =>
            lists.flatMap((list) => {
              const events = [...list].sort((a, b) => a - b).map((time) => eventAt(time, number++));
              return buildPages(layout, events);
            });
          const buffers = [{ cpus: cpus.map((lists, cpu) => ({ cpu, pages: pages(lists) })) }];
          const file = buildTrace({ systems: SYSTEMS, buffers });
          const options = filter !== 'all' ? ['-F', 'test: odd == 1'] : [];
          expect(await numbers(timelineOf(await opened([file]), 'stock', filter))).toEqual(printed([file], ...options));
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('a timeline', () => {
  test('limited to a range has the events whose corrected times are in it', async () => {
    const end = fc.option(fc.bigInt(0n, 80n), { nil: undefined });
    await fc.assert(
      fc.asyncProperty(shapes(2), versions, anyFilter, end, end, async (list, version, filter, from, to) => {
        const files = await opened(bytesOf(list, version));
        const all: { number: number; time: bigint }[] = [];
        await forEach(timelineOf(files, 'exact', filter), ({ record, hi, lo }) => {
          all.push({ number: numberOf(record), time: (BigInt(hi) << 32n) | BigInt(lo) });
        });
        const wanted = all.filter(({ time }) => time >= (from ?? 0n) && time <= (to ?? 1000n));
        const timeline = timelineOf(files, 'exact', filter);
        await timeline.limitTo({ from: from as HostTime | undefined, to: to as HostTime | undefined });
        const limited = await numbers(timeline);
        // Where a clock goes back, an event that is not in the range may have held back another.
        const goesBack = list.some((shape) => shape.steps.length > 1);
        const order = goesBack ? (a: number, b: number) => a - b : () => 0;
        expect(limited.sort(order)).toEqual(wanted.map(({ number }) => number).sort(order));

        const counting = timelineOf(files, 'exact', filter);
        await counting.limitTo({ from: from as HostTime | undefined, to: to as HostTime | undefined });
        expect(await counting.count()).toBe(wanted.length);
        expect(await timelineOf(files, 'exact', filter).count()).toBe(all.length);
      }),
      { numRuns: 200 },
    );
  });

  test('shows the next event of its own stream or of some streams, and leaves it out if asked', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(2), fc.nat(4), fc.boolean(), async (list, mask, ownOnly) => {
        const files = await opened(bytesOf(list, 7));
        const timeline = timelineOf(files, 'exact', 'all');
        const seen: number[] = [];
        const skipped: number[] = [];
        await forEach(timeline, ({ record, input }) => {
          const number = numberOf(record);
          seen.push(number);
          const next = timeline.peekAmong((other) => !ownOnly || other === input);
          const nextNumber = next && numberOf(next);
          expect(numberOf(record)).toBe(number);
          if (nextNumber !== undefined && number % 5 === mask) {
            timeline.skipPeeked();
            skipped.push(nextNumber);
          }
        });
        const all = await numbers(timelineOf(files, 'exact', 'all'));
        expect([...seen, ...skipped].sort((a, b) => a - b)).toEqual(all.sort((a, b) => a - b));
      }),
    );
  });

  test('shows the event that it delivers next, where times do not go back', async () => {
    await fc.assert(
      fc.asyncProperty(shapes(2), fc.nat(4), async (list, mask) => {
        const timeline = timelineOf(
          await opened(
            bytesOf(
              list.map((shape) => ({ ...shape, steps: [] })),
              7,
            ),
          ),
          'exact',
          'all',
        );
        let promised: number | undefined;
        await forEach(timeline, ({ record }) => {
          if (promised !== undefined) expect(numberOf(record)).toBe(promised);
          const next = timeline.peekAmong(() => true);
          promised = next && numberOf(next);
          if (promised === undefined || numberOf(record) % 5 !== mask) return;
          timeline.skipPeeked();
          promised = undefined;
        });
        expect(promised).toBeUndefined();
      }),
    );
  });

  test('of hundreds of streams', async () => {
    const cpus = Array.from({ length: 512 }, (_, cpu) =>
      Array.from({ length: 20 }, (_, i) => ((cpu * 7919) % 4001) + i * 977),
    );
    const files = await opened([fileOf({ buffers: [cpus], steps: [] }, 7, 0)]);
    const expected = cpus
      .flatMap((list, cpu) => list.map((time, i) => ({ time, cpu, number: cpu * 20 + i })))
      .sort((a, b) => a.time - b.time || a.cpu - b.cpu);
    expect(await numbers(timelineOf(files, 'exact', 'all'))).toEqual(expected.map(({ number }) => number));
  });

  test('of nothing ends', async () => {
    expect(await numbers(timelineOf([], 'exact', 'all'))).toEqual([]);
    expect(
      await numbers(timelineOf(await opened([fileOf({ buffers: [[[]]], steps: [] }, 7, 0)]), 'exact', 'all')),
    ).toEqual([]);
  });
});
