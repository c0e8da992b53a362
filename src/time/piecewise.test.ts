import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { driftLine, unscaledLine } from './lines.ts';
import { type Pieces, PiecewiseEvaluator } from './piecewise.ts';
import { tscRate } from './tsc-rate.ts';

/** Runs stamps through one evaluator, as a stream does: mostly ascending, with steps of very different sizes. */
function evaluated(pieces: Pieces, stamps: readonly bigint[]): bigint[] {
  const evaluator = new PiecewiseEvaluator(pieces);
  return stamps.map((stamp) => {
    evaluator.apply(Number(stamp >> 32n), Number(stamp & 0xffff_ffffn));
    return (BigInt(evaluator.outHi) << 32n) | BigInt(evaluator.outLo);
  });
}

const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Ascending stamps: a start anywhere, then steps from 0 to hours. */
const stamps = fc
  .tuple(
    fc.bigInt(0n, 2n ** 63n),
    fc.array(
      fc.oneof(fc.bigInt(0n, 100n), fc.bigInt(0n, 100_000n), fc.bigInt(0n, 2n ** 34n), fc.bigInt(-500n, 2n ** 45n)),
      { maxLength: 60 },
    ),
  )
  .map(([start, steps]) => {
    let at = start;
    return [start, ...steps.map((step) => (at = wrap(at + step)))];
  });

describe('the evaluator computes per event what the mapping says', () => {
  test('ticks to ns', () => {
    fc.assert(
      fc.property(
        stamps,
        fc.integer({ min: 1, max: 2 ** 32 - 1 }),
        fc.integer({ min: 0, max: 70 }),
        (list, m, shift) => {
          const expected = list.map((stamp) => wrap((stamp * BigInt(m)) >> BigInt(shift)));
          expect(evaluated(tscRate({ multiplier: m, shift, offset: 0n }), list)).toEqual(expected);
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('drift between two samples of any distance', () => {
    const sample = fc.tuple(fc.bigInt(0n, 2n ** 63n), fc.bigInt(-(2n ** 62n), 2n ** 62n));
    const slopes = fc.tuple(
      fc.oneof(fc.bigInt(-100_000n, 100_000n), fc.bigInt(-(2n ** 62n), 2n ** 62n)),
      fc.oneof(fc.bigInt(1n, 2n ** 40n), fc.bigInt(1n, 2n ** 62n)),
    );
    fc.assert(
      fc.property(stamps, sample, slopes, (list, [time, offset], [rise, run]) => {
        // Rational: t + offset + ((t - time) * rise + floor(run / 2)) / run, toward zero.
        const expected = list.map((stamp) => wrap(stamp + offset + ((stamp - time) * rise + run / 2n) / run));
        expect(evaluated(driftLine(time, offset, { rise, run }), list)).toEqual(expected);
      }),
      { numRuns: 3000 },
    );
  });

  test("a guest's scaled TSC gives back the host's that it was made from", () => {
    const ratios = fc.constantFrom(32, 48).chain((fraction) => {
      const one = 2n ** BigInt(fraction);
      const odd = fc.bigInt(one, one * 8n);
      return fc.tuple(fc.constant(fraction), fc.oneof(odd, fc.constantFrom((one * 5n) / 4n, one * 2n, one + 1n)));
    });
    fc.assert(
      fc.property(stamps, ratios, fc.bigInt(-(2n ** 60n), 2n ** 60n), (hostStamps, [fraction, ratio], tscOffset) => {
        const hosts = hostStamps.map((stamp) => stamp / 16n);
        const guests = hosts.map((host) => wrap(((host * ratio) >> BigInt(fraction)) + tscOffset));
        expect(evaluated(unscaledLine(-tscOffset, ratio, fraction), guests)).toEqual(hosts);
      }),
      { numRuns: 2000 },
    );
  });

  test('a slower guest: the first host tick at which it reads that value', () => {
    fc.assert(
      fc.property(stamps, fc.bigInt(1n, 2n ** 48n), (list, ratio) => {
        const guests = list.map((stamp) => stamp >> 20n);
        const hosts = evaluated(unscaledLine(0n, ratio, 48), guests);
        for (const [i, host] of hosts.entries()) {
          const exact = (guests[i]! << 48n) / ratio;
          fc.pre(exact < 2n ** 64n - 1n);
          expect((host * ratio) >> 48n).toBe(guests[i]);
          if (host > 0n) expect(((host - 1n) * ratio) >> 48n).toBe(guests[i]! - 1n);
        }
      }),
    );
  });
});
