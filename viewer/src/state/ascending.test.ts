import fc from 'fast-check';
import { expect, test } from 'vitest';
import { countBefore, countUntil, countUntilFrom, Marks } from './ascending.ts';

/** Times that come evenly, in bursts, or at once: gaps that repeat. */
const columns = fc
  .record({
    gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 1e6 })), {
      maxLength: 300,
    }),
    rounds: fc.integer({ min: 1, max: 12 }),
  })
  .map(({ gaps, rounds }) => {
    let time = 0;
    const all = Array.from({ length: rounds }, () => gaps).flat();
    return Float64Array.from(all, (gap) => {
      time += gap;
      return time;
    });
  });

const searches = fc.record({
  ...{ wanted: fc.nat(), off: fc.integer({ min: -1, max: 1 }), from: fc.nat(), stride: fc.nat(3000) },
  chunk: fc.integer({ min: 1, max: 700 }),
});

test('places are those that counting gives, from wherever a search begins', () => {
  fc.assert(
    fc.property(columns, searches, (times, { wanted, off, from, stride, chunk }) => {
      const { length } = times;
      const time = (times[wanted % Math.max(1, length)] ?? 0) + off;
      const until = times.filter((one) => one <= time).length;
      expect(countUntil(times, length, time)).toBe(until);
      expect(countBefore(times, length, time)).toBe(times.filter((one) => one < time).length);
      const known = from % (until + 1);
      expect(countUntilFrom(times, length, time, known, stride)).toBe(until);
      const marks = new Marks();
      for (let end = Math.min(chunk, length); ; end = Math.min(end + chunk, length)) {
        marks.extend(times, end);
        if (end === length) break;
      }
      expect(marks.countUntilFrom(times, length, time, known, stride)).toBe(until);
    }),
    { numRuns: 3000 },
  );
});

test('the next of thousands of times is found by few looks at them', () => {
  const length = 2_000_000;
  const plain = Float64Array.from({ length }, (_, i) => 10 * i + (i % 7));
  const marks = new Marks();
  marks.extend(plain, length);
  let looks = 0;
  const times = new Proxy(plain, {
    get(target, key) {
      looks++;
      return target[Number(key)];
    },
  });
  expect(marks.countUntilFrom(times, length, 5_000_000, 100_000, 300_000)).toBe(500_000);
  expect(looks).toBeLessThan(12);
});
