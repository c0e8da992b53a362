import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { withTracefs } from '../../test/support/tracefs-state.ts';
import { Journal } from '../kernel/journal.ts';
import { pinThread } from '../kernel/libc.ts';
import { allowedCpus } from '../kernel/sampling-calls.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { createMarkerInstance } from './marker-instance.ts';
import { RawMarkers } from './raw-markers.ts';
import { SystemClock } from './system-clock.ts';

describe.skipIf(missing('root', 'tracefs') !== undefined)('markers in the trace', () => {
  const journals = mkdtempSync(join(tmpdir(), 'tandem-markers-'));
  afterAll(() => rmSync(journals, { recursive: true }));
  const cpus = allowedCpus();
  let markers: RawMarkers;
  /** What `work` gives, done with an instance of its own. */
  async function withMarkers<T>(clock: string, work: () => T): Promise<T> {
    return withTracefs(async () => {
      const journal = new Journal(journals);
      try {
        markers = new RawMarkers(createMarkerInstance(openTracefs(), journal, clock));
        try {
          return work();
        } finally {
          markers.close();
        }
      } finally {
        expect(journal.undo()).toEqual([]);
      }
    });
  }
  beforeAll(() => expect(readdirSync(journals)).toEqual([]));

  test('are stamped when they are made, on every CPU', async () => {
    const [before, stamps, after] = await withMarkers('mono', () => {
      markers.begin(40);
      const before = process.hrtime.bigint();
      for (let slot = 0; slot < 40; slot++) {
        pinThread([cpus[slot % cpus.length] as number]);
        markers.mark(slot);
      }
      const after = process.hrtime.bigint();
      pinThread(cpus);
      return [before, [...markers.read().subarray(0, 40)], after] as const;
    });
    const times = [before, ...stamps, after];
    expect(times.filter((time, index) => index > 0 && time < (times[index - 1] as bigint))).toEqual([]);
  });

  test('are of the clock that was asked for', async () => {
    const stamp = async (clock: string): Promise<bigint> =>
      withMarkers(clock, () => {
        markers.begin(1);
        markers.mark(0);
        return markers.read()[0] as bigint;
      });
    // A counter of events, and the time of day: neither can be taken for the other, nor for the time since the boot.
    expect(await stamp('counter')).toBeLessThan(1_000_000_000n);
    const tai = await stamp('tai');
    const day = BigInt(Date.now()) * 1_000_000n;
    expect(tai - day).toBeGreaterThan(-60_000_000_000n);
    expect(tai - day).toBeLessThan(60_000_000_000n);
  });

  test('that were not made have no stamp, nor those of an earlier series', async () => {
    const stamps = await withMarkers('mono', () => {
      markers.begin(3);
      markers.mark(0);
      markers.mark(1);
      markers.begin(3);
      markers.mark(2);
      markers.begin(3);
      markers.mark(1);
      return [...markers.read()].map((stamp) => stamp > 0n);
    });
    expect(stamps).toEqual([false, true, false]);
  });

  test('tell when the thread was woken between two of them, if it was once', async () => {
    const sleep = (milliseconds: number): void =>
      void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
    const [stamps, wakings] = await withMarkers('mono', () => {
      markers.begin(4);
      markers.mark(0);
      sleep(30);
      markers.mark(1);
      markers.mark(2);
      sleep(5);
      sleep(5);
      markers.mark(3);
      return [[...markers.read()] as [bigint, bigint], [...markers.wakings()]] as const;
    });
    expect(wakings).toEqual([0n, expect.any(BigInt), 0n, 0n]);
    expect(Number(wakings[1]! - stamps[0])).toBeGreaterThan(30e6);
    expect(wakings[1]).toBeLessThan(stamps[1]);
  });

  test('tell nothing of wakings by a clock of its own for each CPU', async () => {
    const wakings = await withMarkers('local', () => {
      markers.begin(2);
      markers.mark(0);
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
      markers.mark(1);
      markers.read();
      return [...markers.wakings()];
    });
    expect(wakings).toEqual([0n, 0n]);
  });

  test('that the buffer lost have no stamp, the others keep theirs', async () => {
    const count = 20_000;
    const stamps = await withMarkers('mono', () => {
      pinThread([cpus[0] as number]);
      markers.begin(count);
      for (let slot = 0; slot < count; slot++) markers.mark(slot);
      pinThread(cpus);
      return markers.read();
    });
    const firstKept = stamps.findIndex((stamp) => stamp !== 0n);
    expect(firstKept).toBeGreaterThan(count / 2);
    const kept = stamps.subarray(firstKept, count);
    expect(kept.length).toBeGreaterThan(1000);
    expect(kept.some((stamp, index) => index > 0 && stamp <= (kept[index - 1] as bigint))).toBe(false);
  });
});

test("the system's clock gives a stamp per slot, in order", () => {
  const clock = new SystemClock();
  clock.begin(3);
  clock.mark(2);
  clock.mark(0);
  const [first, missed, last] = clock.read() as unknown as [bigint, bigint, bigint];
  expect(missed).toBe(0n);
  expect(first).toBeGreaterThanOrEqual(last);
  expect(first - last).toBeLessThan(1_000_000_000n);
  // CLOCK_MONOTONIC_RAW runs beside CLOCK_MONOTONIC, apart by what NTP corrected since the boot.
  const apart = Number(process.hrtime.bigint() - first);
  expect(Math.abs(apart)).toBeLessThan(Number(first) / 100);
});
