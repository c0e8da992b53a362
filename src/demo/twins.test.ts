import fc from 'fast-check';
import { expect, test } from 'vitest';
import { longestRun, quantile } from './twins.ts';

test('what two recordings have in common is found, whenever they began and ended', () => {
  const pairs = fc.array(fc.nat({ max: 3 }), { minLength: 12, maxLength: 60 });
  fc.assert(
    fc.property(pairs, fc.nat({ max: 5 }), fc.nat({ max: 5 }), fc.nat({ max: 5 }), (all, skipped, left, other) => {
      const [a, b] = [all.slice(skipped, all.length - left), all.slice(other)];
      const { first, second, length } = longestRun(a, b);
      expect(length).toBeGreaterThanOrEqual(all.length - left - Math.max(skipped, other));
      expect(a.slice(first, first + length)).toEqual(b.slice(second, second + length));
    }),
  );
  expect(longestRun([1, 2, 3], [4, 5])).toMatchObject({ length: 0 });
});

test('quantiles are those of magnitudes', () => {
  const values = Float64Array.of(-9, 1, -3, 2);
  expect([0, 0.5, 0.99].map((share) => quantile(values, share))).toEqual([1, 3, 9]);
});
