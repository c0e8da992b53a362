import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fittedLine, type Moment } from './fitted-line.ts';

const START = 10n ** 12n;
const BASE = 5n * 10n ** 11n;

/** Moments of a line, 1 ms apart; `late` says how much later a clock was read, ns. */
function moments(slope: number, count: number, late: (index: number) => number): Moment[] {
  return Array.from({ length: count }, (_, index) => {
    const ticks = index * 2_000_000;
    return { tsc: START + BigInt(ticks), clock: BASE + BigInt(Math.round(ticks * slope + late(index))) };
  });
}

describe('the line that most moments lie on', () => {
  test('holds at any time', () => {
    const slopes = fc.double({ min: 0.2, max: 3, noNaN: true });
    fc.assert(
      fc.property(slopes, fc.integer({ min: -100_000_000, max: 100_000_000 }), (slope, ticks) => {
        const value = fittedLine(
          moments(slope, 40, () => 0),
          START + BigInt(ticks),
          BASE,
        );
        expect(Math.abs(value - ticks * slope)).toBeLessThan(2);
      }),
    );
  });

  test('does not follow a few that an interrupt tore apart', () => {
    const some = fc.uniqueArray(fc.integer({ min: 0, max: 39 }), { maxLength: 6 });
    fc.assert(
      fc.property(some, fc.integer({ min: 5_000, max: 2_000_000 }), (torn, late) => {
        const seen = moments(0.5, 40, (index) => (torn.includes(index) ? late : (index * 37) % 100));
        expect(Math.abs(fittedLine(seen, START + 40_000_000n, BASE) - 20_000_000)).toBeLessThan(600);
      }),
    );
  });
});
