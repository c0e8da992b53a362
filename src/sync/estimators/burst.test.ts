import fc from 'fast-check';
import { expect, test } from 'vitest';
import { burstSlope } from './burst.ts';
import { Corridor } from './corridor.ts';
import type { Limits, PlacedLimit } from './limits.ts';

const PROBES = 40;
/** Guest units from probe to probe, and of the shortest way in either direction. */
const TURN = 60_000;
const WAY = 5000;

/** A burst of clocks that count different units; some ways to the host take longer. */
function burst(slope: number, delays: ReadonlyMap<number, number>): Limits {
  const limits = { upper: [] as PlacedLimit[], lower: [] as PlacedLimit[] };
  let now = 0;
  for (let k = 0; k < PROBES; k++) {
    const late = WAY + (delays.get(k) ?? 0);
    limits.upper.push({ place: 2 * k, time: now, value: slope * now + late });
    now += late + WAY;
    limits.lower.push({ place: 2 * k + 1, time: now, value: slope * now - WAY });
    now += TURN;
  }
  return limits;
}

test('a few slow probes, at the ends too, do not change how fast clocks are found to part', () => {
  const slow = fc.constantFrom(0, 1, 20, PROBES - 2, PROBES - 1);
  const delays = fc.uniqueArray(fc.tuple(slow, fc.integer({ max: 2_000_000, min: 0 })), { selector: ([k]) => k });
  fc.assert(
    fc.property(fc.constantFrom(-0.66, -0.38, 0.5, 1.4), delays, (slope, late) => {
      const limits = burst(slope, new Map(late));
      expect(burstSlope(limits, new Corridor(limits.upper, limits.lower))).toBeCloseTo(slope, 1.7);
    }),
  );
});

test('slow probes of clocks that count the same do not part them', () => {
  const limits = burst(0, new Map([[PROBES - 1, 2_000_000]]));
  expect(burstSlope(limits, new Corridor(limits.upper, limits.lower))).toBe(0);
});
