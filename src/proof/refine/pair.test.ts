import { expect, test } from 'vitest';
import { Random } from '../../../test/support/clock-simulator.ts';
import type { GuestTimes, HostRuns } from '../collect.ts';
import { pairingsByEvents } from './pair.ts';

const PID = 7;
const OFFSET = 123_456_789;
const PERIOD = 600_000_000;
const RUNS_OF_PERIOD = 300;

/** Starts of runs, as long as the pauses between them, within a period. */
function pattern(random: Random): number[] {
  const gaps = Array.from({ length: RUNS_OF_PERIOD }, () => 1 + random.exponential(1));
  const sum = gaps.reduce((a, b) => a + b, 0);
  let at = 0;
  return gaps.map((gap) => (at += (gap * PERIOD) / sum));
}

/** A vCPU that does the same again and again, but for one time; the guest did not record all of it. */
function repeated(seed: number): { host: HostRuns; guest: GuestTimes } {
  const random = new Random(seed);
  const [usual, other] = [pattern(random), pattern(random)];
  const starts: number[] = [];
  const ends: number[] = [];
  const times: number[] = [];
  for (let period = 0; period < 10; period++) {
    for (const [i, start] of (period === 5 ? other : usual).entries()) {
      const from = period * PERIOD + start;
      starts.push(from);
      ends.push(from + 500_000);
      if (period > 2 && period < 8 && i % 2 === 0) times.push(from + 250_000 * random.next() - OFFSET);
    }
  }
  const runs = {
    starts: Float64Array.from([Number.NEGATIVE_INFINITY, ...starts.slice(1)]),
    ends: Float64Array.from([...ends.slice(0, -1), Number.POSITIVE_INFINITY]),
  };
  return {
    host: { base: 0n, threads: new Map([[PID, { pid: PID, vcpuId: 0, runs }]]) },
    guest: { base: 0n, cpus: [Float64Array.from(times)] },
  };
}

test.each([1, 2, 3, 4, 5])('work that repeats itself is paired by what is different: seed %i', (seed) => {
  const { host, guest } = repeated(seed);
  const [first] = pairingsByEvents(host, guest, { sameCrystal: true });
  expect(first?.pids).toEqual([PID]);
  expect(Math.abs((first?.line.offset ?? 0) - OFFSET)).toBeLessThan(500_000);
});

test('without what is different, all places are given, none twice', () => {
  const { host, guest } = repeated(1);
  const [times] = guest.cpus as [Float64Array];
  const some = { ...guest, cpus: [times.filter((time) => time + OFFSET < 5 * PERIOD)] };
  const places = [...pairingsByEvents(host, some, { sameCrystal: true })].map(({ line }) =>
    Math.round((line.offset - OFFSET) / PERIOD),
  );
  expect(new Set(places)).toContain(0);
  expect(new Set(places).size).toBeGreaterThan(1);
});
