import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundTrack } from './bound-track.ts';
import { errorBound } from './error-bound.ts';

const sample = fc.record({
  time: fc.bigInt({ min: 0n, max: 1n << 50n }),
  offset: fc.constant(0n),
  scaling: fc.constant(1n),
  fraction: fc.constant(0),
  bound: fc.option(fc.bigInt({ min: 0n, max: 1n << 30n }), { nil: undefined }),
});

test('gives the bounds that errorBound gives, in any order of times', () => {
  const samples = fc.uniqueArray(sample, { selector: ({ time }) => time, maxLength: 8 });
  const times = fc.array(fc.bigInt({ min: 0n, max: 1n << 51n }), { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(samples, times, fc.constantFrom(0, 1), (list, stamps, flags) => {
      const sorted = [...list].sort((a, b) => (a.time < b.time ? -1 : 1));
      const track = new BoundTrack(sorted, flags);
      for (const time of [...stamps, ...sorted.map((one) => one.time)]) {
        const bound = track.at(Number(time >> 32n), Number(time & 0xffff_ffffn));
        const exact = errorBound(sorted, flags, time);
        if (exact === undefined) expect(bound).toBeNaN();
        // Outside of the samples a slope in floating point: to a unit, or a millionth of it.
        else expect(Math.abs(bound - Number(exact))).toBeLessThanOrEqual(1 + Number(exact) / 1e6);
      }
    }),
  );
});
