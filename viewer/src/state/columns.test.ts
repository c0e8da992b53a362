import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countBefore, countUntil, countUntilFrom } from './ascending.ts';
import { Shares } from './shares.ts';
import { Levels, Slices } from './slices.ts';

const ascending = fc
  .array(fc.integer({ min: 0, max: 500 }), { maxLength: 200 })
  .map((values) => Float64Array.from(values).sort());

describe('places in ascending columns', () => {
  test('halving and stepping ahead find what counting finds', () => {
    fc.assert(
      fc.property(
        ascending,
        fc.integer({ min: -5, max: 505 }),
        fc.nat(),
        fc.nat(300),
        (times, time, before, stride) => {
          const until = times.filter((one) => one <= time).length;
          expect(countUntil(times, times.length, time)).toBe(until);
          expect(countBefore(times, times.length, time)).toBe(times.filter((one) => one < time).length);
          const from = until === 0 ? 0 : before % (until + 1);
          expect(countUntilFrom(times, times.length, time, from, stride)).toBe(until);
        },
      ),
    );
  });

  test('members beyond the length are not seen', () => {
    expect(countUntil(Float64Array.of(1, 2, 0, 0), 2, 5)).toBe(2);
    expect(countUntilFrom(Float64Array.of(1, 2, 0, 0), 2, 5, 1, 1)).toBe(2);
  });
});

/** Slices with lengths and classes, appended in chunks. */
const partition = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 2 })), {
  minLength: 1,
  maxLength: 120,
});

function sharesOf(slices: readonly (readonly [number, number])[], chunk: number, classes = 3): Shares {
  const shares = new Shares(classes);
  let time = 0;
  for (let at = 0; at < slices.length; at += chunk) {
    const part = slices.slice(at, at + chunk);
    const starts = Float64Array.from(part, ([length]) => {
      time += length;
      return time - length;
    });
    shares.append(starts, (place) => part[place]![1]);
  }
  shares.end = time;
  return shares;
}

describe('shares', () => {
  test('are the sums of the slices, however they came', () => {
    fc.assert(
      fc.property(
        partition,
        fc.integer({ min: 1, max: 50 }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (slices, chunk, part) => {
          const shares = sharesOf(slices, chunk);
          const time = shares.end * part;
          const sums = new Float64Array(3);
          shares.until(Math.max(0, countUntil(shares.starts, shares.length, time) - 1), time, sums);
          const expected = [0, 0, 0];
          let start = 0;
          for (const [length, kind] of slices) {
            expected[kind]! += Math.max(0, Math.min(time, start + length) - start);
            start += length;
          }
          for (const kind of [0, 1, 2]) expect(sums[kind]).toBeCloseTo(expected[kind]!, 6);
        },
      ),
    );
  });
});

describe('levels', () => {
  test('slices lie below those that hold them', () => {
    const levels = new Levels();
    levels.append(Float64Array.of(0, 1, 2, 10, 20), Float64Array.of(9, 8, 3, 12, 21), Uint16Array.of(1, 2, 3, 4, 5));
    expect(levels.levels.map(({ keys, length }) => [...keys.subarray(0, length)])).toEqual([[1, 4, 5], [2], [3]]);
    expect(levels.levels[0]!.at(9.5)).toBe(-1);
    expect(levels.levels[0]!.at(11)).toBe(1);
  });

  test('what is before a slice is the length of all earlier ones', () => {
    const slices = new Slices();
    slices.push(0, 4, 0);
    slices.push(6, 7, 0);
    slices.push(9, 9, 0);
    expect([...slices.before.subarray(0, 3)]).toEqual([0, 4, 5]);
  });
});
