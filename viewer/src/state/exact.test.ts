import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countText, exactTime, lengthText, relativeTime } from './exact.ts';

const BASE = 19_371_614_557_322_123n;

describe('exact times', () => {
  test('are seconds with 9 digits, or ticks', () => {
    expect(exactTime(12_345_678_901n, 0, 'ns')).toBe('12.345678901');
    expect(exactTime(5n, 0, 'ns')).toBe('0.000000005');
    expect(exactTime(5n, -10, 'ns')).toBe('-0.000000005');
    expect(exactTime(BASE, 7, 'ticks')).toBe(String(BASE + 7n));
  });

  test('come back from their text, as large as they are', () => {
    const parts = fc.tuple(
      fc.bigInt(0n, 2n ** 62n),
      fc.integer({ min: -1000, max: 2 ** 50 }),
      fc.integer({ min: 0, max: 999 }),
    );
    fc.assert(
      fc.property(parts, fc.constantFrom('ns', 'ticks'), ([base, whole, milli], unit) => {
        fc.pre(base + BigInt(whole) > 0n);
        const time = whole + milli / 1000;
        fc.pre(Math.round((time - Math.floor(time)) * 1000) === milli);
        expect(relativeTime(base, exactTime(base, time, unit), unit)).toBeCloseTo(time, 2);
      }),
    );
  });

  test('are nothing but numbers', () => {
    for (const text of ['', 'x', '1e3', '1.2.3', '0x10', ' 1']) expect(relativeTime(0n, text, 'ns')).toBe(undefined);
  });
});

test('lengths have a unit that suits them', () => {
  expect(lengthText(312_000, 'ns')).toBe('312 µs');
  expect(lengthText(1_204_000, 'ns')).toBe('1.204 ms');
  expect(lengthText(100_000_000, 'ns')).toBe('100 ms');
  expect(lengthText(900, 'ns')).toBe('900 ns');
  expect(lengthText(2_500_000_000, 'ns')).toBe('2.5 s');
  expect(lengthText(1_234_567, 'ticks')).toBe('1\u202f234\u202f567 ticks');
});

test('counts have spaces', () => {
  expect(countText(1_234_567)).toBe('1\u202f234\u202f567');
  expect(countText(123)).toBe('123');
});
