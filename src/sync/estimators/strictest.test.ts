import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PlacedLimit } from './limits.ts';
import { LIMIT_NUMBERS, levelled, strictest } from './strictest.ts';

const anyLimits = fc.array(fc.integer({ min: -100_000, max: 100_000 }), { minLength: 1, maxLength: 500 });
const placed = (values: readonly number[], first: number): PlacedLimit[] =>
  values.map((value, k) => ({ place: 2 * k + first, time: 1000 * k + first, value }));
const ORIGIN = { time: 0, value: 0 };
const anySlope = fc.constantFrom(0, -0.5, 1.4);

interface Kept {
  readonly isUpper: boolean;
  readonly time: number;
  readonly value: number;
}

const listed = (limits: Float64Array): Kept[] =>
  Array.from({ length: limits.length / LIMIT_NUMBERS }, (_, k) => {
    const [isUpper, time, value] = limits.subarray(k * LIMIT_NUMBERS);
    return { isUpper: isUpper === 1, time: time!, value: value! };
  });

test('the limits that are kept are the strictest, in the order of the burst, and few', () => {
  fc.assert(
    fc.property(anyLimits, anyLimits, anySlope, (above, below, slope) => {
      const all = { upper: placed(above, 0), lower: placed(below, 1) };
      const kept = listed(strictest(all, slope, ORIGIN));
      const level = ({ time, value }: Pick<Kept, 'time' | 'value'>): number => value - slope * time;
      const lowest = Math.min(...kept.filter(({ isUpper }) => isUpper).map(level));
      const highest = Math.max(...kept.filter(({ isUpper }) => !isUpper).map(level));
      expect([lowest, highest]).toEqual([Math.min(...all.upper.map(level)), Math.max(...all.lower.map(level))]);
      expect(kept.map(({ time }) => time)).toEqual(kept.map(({ time }) => time).sort((a, b) => a - b));
      expect(kept.length).toBeLessThanOrEqual(slope === 0 ? 32 : 64);
    }),
  );
});

test('keeping the strictest of those that were kept changes nothing but the slope', () => {
  fc.assert(
    fc.property(anyLimits, anyLimits, (above, below) => {
      const kept = strictest({ upper: placed(above, 0), lower: placed(below, 1) }, 0, ORIGIN);
      expect(levelled(kept, 0)).toEqual(kept);
      expect(listed(levelled(kept, 0.5)).map(({ time, value }) => value + 0.5 * time)).toEqual(
        listed(kept).map(({ value }) => value),
      );
    }),
  );
});
