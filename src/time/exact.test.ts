import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Correction, type CorrectionMode, type CorrectionRules } from './correction.ts';
import type { HostTime, SyncSample, Ticks } from './types.ts';

const INTERPOLATE = 1;
const plain = (time: bigint, offset: bigint): SyncSample => ({ time, offset, scaling: 1n, fraction: 0 });
const A = plain(1_000_000n, 500n);
const B = plain(2_000_000n, 700n);
const C = plain(4_000_000n, 300n);

function correctionOf(samples: readonly SyncSample[], flags: number, more: Partial<CorrectionRules> = {}): Correction {
  return new Correction(0, {
    mode: 'exact',
    offset: 0n,
    timeShift: { peerTraceId: 1n, flags, cpus: [samples] },
    ...more,
  });
}

/** Corrects by the hot path, and checks that the other path agrees. */
function corrected(correction: Correction, stamp: bigint): bigint {
  correction.apply(Number(stamp >> 32n), Number(stamp & 0xffff_ffffn));
  const value = (BigInt(correction.outHi) << 32n) | BigInt(correction.outLo);
  expect(correction.correct(stamp as Ticks)).toBe(value);
  return value;
}

describe('worked numbers that the real trace-cmd confirmed', () => {
  const cases: [stamp: bigint, two: bigint, three: bigint, held: bigint][] = [
    [500_000n, 500_401n, 500_401n, 500_500n],
    [1_500_000n, 1_500_600n, 1_500_600n, 1_500_500n],
    [2_000_000n, 2_000_700n, 2_000_700n, 2_000_700n],
    [3_000_001n, 3_000_901n, 3_000_502n, 3_000_701n],
    [4_000_000n, 4_001_100n, 4_000_301n, 4_000_700n],
    [6_000_000n, 6_001_500n, 5_999_901n, 6_000_700n],
  ];
  test.each(cases)('%d', (stamp, two, three, held) => {
    for (const mode of ['stock', 'exact'] as CorrectionMode[]) {
      expect(corrected(correctionOf([A, B], INTERPOLATE, { mode }), stamp)).toBe(two);
      expect(corrected(correctionOf([A, B, C], INTERPOLATE, { mode }), stamp)).toBe(three);
    }
    expect(corrected(correctionOf([A, B, C], 0, { mode: 'stock' }), stamp)).toBe(held);
    // From C's time on its own offset holds.
    expect(corrected(correctionOf([A, B, C], 0), stamp)).toBe(stamp < C.time ? held : stamp + C.offset);
  });

  test('ticks to ns, after the host clock and before the constant', () => {
    const tscToNanoseconds = { multiplier: 894_784_853, shift: 31, offset: 0n };
    for (const mode of ['stock', 'exact'] as CorrectionMode[]) {
      const rules = { mode, tscToNanoseconds, offset: 11n };
      expect(corrected(new Correction(0, rules), 7_200_000_000_000n)).toBe(2_999_999_998_882n + 11n);
      const guest = correctionOf([plain(5n, 7_000_000_000_000n)], 0, rules);
      expect(corrected(guest, 200_000_000_000n)).toBe(2_999_999_998_882n + 11n);
      expect(corrected(new Correction(0, { ...rules, ticksPerSecond: 2_400_000_000 }), 7_200_000_000_000n)).toBe(
        3_000_000_000_011n,
      );
    }
  });

  test('a scaled guest: trace-cmd is a third of the way there', () => {
    const ratio = (5n * 2n ** 48n) / 4n;
    const samples = [1n, 2n].map((time) => ({ time, offset: 1_000_000_000_000n, scaling: ratio, fraction: 48 }));
    expect(corrected(correctionOf(samples, 0), 2_750_000_000_000n)).toBe(3_000_000_000_000n);
    expect(corrected(correctionOf(samples.slice(0, 1), 0), 2_750_000_000_000n)).toBe(3_000_000_000_000n);
    expect(corrected(correctionOf(samples, 0, { mode: 'stock' }), 2_750_000_000_000n)).toBe(1_000_000_026_368n);
  });
});

/** An exact fraction, for the oracle. */
interface Fraction {
  readonly over: bigint;
  readonly under: bigint;
}
/** Toward zero, after adding half of `half` units: trace-cmd's way to round. */
function roundedAsStock({ over, under }: Fraction): bigint {
  const shifted = over + under / 2n;
  const size = (shifted < 0n ? -shifted : shifted) / under;
  return shifted < 0n ? -size : size;
}

const time = fc.oneof(fc.bigInt(0n, 10_000_000n), fc.bigInt(0n, 2n ** 45n), fc.bigInt(0n, 2n ** 62n));
const offset = fc.oneof(
  fc.bigInt(-1_000_000n, 1_000_000n),
  fc.bigInt(-(2n ** 45n), 2n ** 45n),
  fc.bigInt(-(2n ** 62n), 2n ** 62n),
);
const samplesOf = (least: number) =>
  fc.uniqueArray(
    fc.tuple(time, offset).map(([at, by]) => plain(at, by)),
    {
      minLength: least,
      maxLength: 8,
      selector: (sample) => sample.time,
    },
  );
const byTime = (samples: readonly SyncSample[]): SyncSample[] =>
  [...samples].sort((a, b) => (a.time < b.time ? -1 : 1));
const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

describe('between samples', () => {
  test('interpolated exactly, however far apart and in whatever order they are', () => {
    fc.assert(
      fc.property(
        samplesOf(2),
        fc.array(fc.tuple(fc.nat(6), fc.bigInt(0n, 2n ** 62n)), { minLength: 1 }),
        (samples, picks) => {
          const sorted = byTime(samples);
          const correction = correctionOf(samples, INTERPOLATE);
          for (const [pick, part] of picks) {
            const a = sorted[pick % (sorted.length - 1)]!;
            const b = sorted[(pick % (sorted.length - 1)) + 1]!;
            const stamp = a.time + (part % (b.time - a.time));
            const drift = { over: (stamp - a.time) * (b.offset - a.offset), under: b.time - a.time };
            expect(corrected(correction, stamp)).toBe(wrap(stamp + a.offset + roundedAsStock(drift)));
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('without interpolation each sample holds until the next', () => {
    fc.assert(
      fc.property(samplesOf(1), time, (samples, stamp) => {
        const sorted = byTime(samples);
        const holds = sorted.findLast((sample) => sample.time <= stamp) ?? sorted[0]!;
        expect(corrected(correctionOf(samples, 0), stamp)).toBe(wrap(stamp + holds.offset));
      }),
    );
  });

  test('of two samples at one time the first counts', () => {
    const twice = [A, plain(A.time, 9n), B, plain(B.time, -5n)];
    fc.assert(
      fc.property(time, (stamp) => {
        expect(corrected(correctionOf(twice, INTERPOLATE), stamp)).toBe(
          corrected(correctionOf([A, B], INTERPOLATE), stamp),
        );
      }),
    );
  });
});

describe('exact is stock wherever stock is right', () => {
  /** Samples as sync makes them: minutes to days apart, drift below 200 ppm, noise. */
  const measured = fc
    .record({
      start: fc.bigInt(2n ** 30n, 2n ** 52n),
      offset: fc.bigInt(-(2n ** 50n), 2n ** 50n),
      gaps: fc.array(fc.bigInt(100_000_000n, 60_000_000_000n), { minLength: 1, maxLength: 8 }),
      drifts: fc.array(fc.bigInt(-19_000n, 19_000n), { minLength: 8, maxLength: 8 }),
    })
    .map(({ start, offset: first, gaps, drifts }) => {
      let sample = plain(start, first);
      const rest = gaps.map((gap, i) => (sample = plain(sample.time + gap, sample.offset + drifts[i]!)));
      return [plain(start, first), ...rest];
    });

  test('drift, within the samples and one gap beyond', () => {
    fc.assert(
      fc.property(measured, fc.array(fc.bigInt(0n, 2n ** 60n), { minLength: 20 }), (samples, picks) => {
        const [first, second, beforeLast, last] = [samples[0]!, samples[1]!, samples.at(-2)!, samples.at(-1)!];
        const from = first.time - (second.time - first.time);
        const until = last.time + (last.time - beforeLast.time);
        const exact = correctionOf(samples, INTERPOLATE);
        const stock = correctionOf(samples, INTERPOLATE, { mode: 'stock' });
        for (const pick of picks) {
          const stamp = from + (pick % (until - from));
          if (stamp >= 0n) expect(corrected(exact, stamp)).toBe(corrected(stock, stamp));
        }
      }),
    );
  });

  test('two samples: at any time', () => {
    fc.assert(
      fc.property(measured, fc.bigInt(0n, 2n ** 53n), (samples, stamp) => {
        const two = samples.slice(0, 2);
        // Where trace-cmd's product does not overflow.
        fc.pre((stamp - two[0]!.time) * (two[1]!.offset - two[0]!.offset) < 2n ** 62n);
        fc.pre((stamp - two[0]!.time) * (two[1]!.offset - two[0]!.offset) > -(2n ** 62n));
        const expected = corrected(correctionOf(two, INTERPOLATE, { mode: 'stock' }), stamp);
        expect(corrected(correctionOf(two, INTERPOLATE), stamp)).toBe(expected);
      }),
    );
  });
});

describe('outside of the samples', () => {
  const second = 1_000_000_000n;
  const hour = 3600n * second;

  test('a drift that cannot be one is not carried on', () => {
    // 50 us in 10 ms: noise, not drift.
    const samples = [plain(100n * second, 0n), plain(100n * second + 10_000_000n, 50_000n)];
    const correction = correctionOf(samples, INTERPOLATE);
    expect(corrected(correction, 100n * second + hour)).toBe(100n * second + hour + 50_000n);
    expect(corrected(correction, second)).toBe(second);
  });

  test('noise of the last pair is not carried far: the drift of the whole range is', () => {
    // 10 ppm for 100 s, sampled twice a second, the last sample 60 us off: 130 ppm in the last pair.
    const samples = Array.from({ length: 200 }, (_, i) => plain(hour + (BigInt(i) * second) / 2n, BigInt(i) * 5000n));
    const last = samples[199]!;
    samples[199] = plain(last.time, last.offset + 60_000n);
    const stamp = last.time + 1000n * second;
    const truth = stamp + last.offset + 10_000n * 1000n;
    const error = (mode: CorrectionMode): number =>
      Math.abs(Number(corrected(correctionOf(samples, INTERPOLATE, { mode }), stamp) - truth));
    expect(error('stock')).toBeGreaterThan(100_000_000);
    expect(error('exact')).toBeLessThan(1_000_000);
  });

  test('clocks of different units keep their rate', () => {
    // A guest in ns against a host in ticks of 2.4 GHz.
    const sample = (s: bigint, noise: bigint) => plain(s * second, s * 1_400_000_000n + noise);
    const samples = [sample(10n, 200n), sample(11n, -300n), sample(12n, 100n), sample(13n, 0n)];
    const at = corrected(correctionOf(samples, INTERPOLATE), 5000n * second);
    expect(Math.abs(Number(at - 5000n * 2_400_000_000n))).toBeLessThan(5_000_000);
  });

  test('a clock that was set in between keeps its drift after it', () => {
    const samples = [
      plain(second, 0n),
      plain(2n * second, 0n),
      plain(3n * second, 5n * second),
      plain(4n * second, 5n * second),
    ];
    expect(corrected(correctionOf(samples, INTERPOLATE), hour)).toBe(hour + 5n * second);
  });

  test('the lines meet: no jump at the edges', () => {
    fc.assert(
      fc.property(samplesOf(2), (samples) => {
        const correction = correctionOf(samples, INTERPOLATE);
        const sorted = byTime(samples);
        const [first, next, beforeLast, last] = [sorted[0]!, sorted[1]!, sorted.at(-2)!, sorted.at(-1)!];
        const edges = [first.time, last.time, first.time - (next.time - first.time), last.time * 2n - beforeLast.time];
        for (const edge of edges.filter((at) => at > 0n && at < 2n ** 64n)) {
          const steep = sorted.some((b, i) => i > 0 && b.offset !== sorted[i - 1]!.offset);
          const step = BigInt.asIntN(64, corrected(correction, edge) - corrected(correction, edge - 1n));
          if (!steep) expect(step).toBe(1n);
          const slopes = sorted
            .slice(1)
            .map((b, i) => Math.abs(Number(b.offset - sorted[i]!.offset) / Number(b.time - sorted[i]!.time)));
          expect(Math.abs(Number(step))).toBeLessThanOrEqual(3 + Math.max(...slopes) * (1 + 1e-9));
        }
      }),
      { numRuns: 1000 },
    );
  });
});

describe('scaled guests', () => {
  test('the host tick that a guest stamp was made at comes back, whichever sample holds', () => {
    const ratios = fc.constantFrom(32, 48).chain((fraction) => {
      const one = 2n ** BigInt(fraction);
      return fc.bigInt(one + 1n, one * 4n).map((scaling) => ({ scaling, fraction }));
    });
    fc.assert(
      fc.property(
        ratios,
        fc.bigInt(-(2n ** 55n), 2n ** 55n),
        fc.array(fc.bigInt(2n ** 56n, 2n ** 58n), { minLength: 1 }),
        (scale, tscOffset, hosts) => {
          const samples = [0n, 1n, 2n ** 57n].map((at) => ({ time: at, offset: -tscOffset, ...scale }));
          const correction = correctionOf(samples, 0);
          for (const host of hosts) {
            const guest = ((host * scale.scaling) >> BigInt(scale.fraction)) + tscOffset;
            expect(corrected(correction, guest)).toBe(host);
          }
        },
      ),
    );
  });

  test('a ratio of one, however it is written, changes nothing', () => {
    for (const scale of [
      { scaling: 2n ** 32n, fraction: 32 },
      { scaling: 2n ** 48n, fraction: 48 },
      { scaling: 0n, fraction: 0 },
    ]) {
      expect(corrected(correctionOf([{ time: 5n, offset: -7n, ...scale }], 0), 2n ** 60n)).toBe(2n ** 60n - 7n);
    }
  });
});

describe('CPUs', () => {
  const shift = (cpus: SyncSample[][]) => ({ peerTraceId: 1n, flags: 0, cpus });
  const by = (cpus: SyncSample[][], cpu: number, mode: CorrectionMode): bigint =>
    corrected(new Correction(cpu, { mode, offset: 0n, timeShift: shift(cpus) }), 1000n) - 1000n;

  test('a CPU without samples takes those of its neighbour; stock leaves its times alone', () => {
    const cpus = [[], [plain(1n, 10n)], [], [], [plain(1n, 40n)]];
    expect([0, 1, 2, 3, 4, 5, 4_000_000_000].map((cpu) => by(cpus, cpu, 'exact'))).toEqual([
      10n,
      10n,
      10n,
      40n,
      40n,
      40n,
      40n,
    ]);
    expect([0, 1, 2, 3, 4, 5].map((cpu) => by(cpus, cpu, 'stock'))).toEqual([0n, 10n, 0n, 0n, 40n, 0n]);
    expect(by([], 0, 'exact')).toBe(0n);
  });
});

describe('what callers may skip', () => {
  test('identities and constants are recognised', () => {
    expect(new Correction(0, { mode: 'exact', offset: 0n }).isIdentity).toBe(true);
    expect(
      new Correction(0, { mode: 'exact', offset: 0n, tscToNanoseconds: { multiplier: 0, shift: 0, offset: 0n } })
        .isIdentity,
    ).toBe(true);
    expect(correctionOf([A], INTERPOLATE, { offset: -500n }).isIdentity).toBe(true);
    for (const mode of ['stock', 'exact'] as CorrectionMode[]) {
      const kvm = correctionOf([plain(1n, -7n), plain(9n, -7n), plain(99n, -7n)], 0, { mode, offset: 3n });
      expect([kvm.isConstant, kvm.isIdentity]).toEqual([true, false]);
      expect(corrected(kvm, 2n ** 63n)).toBe(2n ** 63n - 4n);
      expect(correctionOf([A, B], INTERPOLATE, { mode }).isConstant).toBe(false);
      expect(correctionOf([A, B], 0, { mode }).isConstant).toBe(mode === 'stock');
    }
  });
});

describe('back from corrected times to raw ones', () => {
  /** Rates of up to eight times the guest's, and backwards; not so steep that a time wraps twice. */
  const samples = fc
    .array(fc.tuple(fc.bigInt(2n ** 40n, 2n ** 44n), fc.bigInt(-(2n ** 42n), 2n ** 42n)), { maxLength: 8 })
    .map((list) => {
      let at = 2n ** 44n;
      return list.map(([gap, by]) => {
        at += gap;
        return plain(at, by);
      });
    });
  const stamp = fc.bigInt(0n, 2n ** 50n);
  const rules = fc.record({
    samples,
    flags: fc.constantFrom(0, INTERPOLATE),
    offset: fc.bigInt(-1_000_000n, 2n ** 60n),
    tsc: fc.option(
      fc.record({
        multiplier: fc.integer({ min: 1, max: 2 ** 31 }),
        shift: fc.constantFrom(31, 40),
        offset: fc.constant(0n),
      }),
      { nil: undefined },
    ),
    ticksPerSecond: fc.option(fc.constantFrom(1_000_000_000, 2_400_000_000), { nil: undefined, freq: 5 }),
  });

  test('nothing before the first stamp is late enough, nothing after the last one early enough', () => {
    fc.assert(
      fc.property(rules, fc.array(stamp, { minLength: 1 }), fc.bigInt(-100n, 100n), (picked, stamps, nudge) => {
        const { samples, flags, offset: constant, tsc, ticksPerSecond } = picked;
        const correction = correctionOf(samples, flags, { offset: constant, tscToNanoseconds: tsc, ticksPerSecond });
        const inOrder = stamps.map((stamp) => ({ stamp, at: correction.correct(stamp as Ticks) }));
        // Times that wrap are nobody's: no clock is there.
        const synced = correctionOf(samples, flags);
        const sane = inOrder.filter(({ stamp, at }) => at < 2n ** 63n && synced.correct(stamp as Ticks) < 2n ** 63n);
        fc.pre(sane.length > 0);
        const wanted = (sane[0]!.at + nudge) as HostTime;
        const first = correction.firstAtOrAfter(wanted);
        const last = correction.lastAtOrBefore(wanted);
        for (const { stamp, at } of sane) {
          if (at >= wanted) expect(first! <= stamp).toBe(true);
          if (at <= wanted) expect(last! >= stamp).toBe(true);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('they are the closest such stamps', () => {
    const tscToNanoseconds = { multiplier: 894_784_853, shift: 31, offset: 0n };
    fc.assert(
      fc.property(fc.bigInt(2n ** 22n, 2n ** 50n), (wanted) => {
        const correction = correctionOf([A, B, C], INTERPOLATE, { tscToNanoseconds });
        const first = correction.firstAtOrAfter(wanted as HostTime)!;
        const last = correction.lastAtOrBefore(wanted as HostTime)!;
        expect(correction.correct(first) >= wanted).toBe(true);
        expect(correction.correct((first - 1n) as Ticks) < wanted).toBe(true);
        expect(correction.correct(last) <= wanted).toBe(true);
        expect(correction.correct((last + 1n) as Ticks) > wanted).toBe(true);
      }),
    );
  });

  test('without such a stamp there is none', () => {
    const constant = correctionOf([A], 0, { offset: 2n ** 60n });
    expect(constant.lastAtOrBefore(5n as HostTime)).toBeUndefined();
    expect(constant.firstAtOrAfter((2n ** 65n) as HostTime)).toBeUndefined();
  });

  test('isRising tells whether corrected times can go back', () => {
    expect(correctionOf([A, B, C], INTERPOLATE).isRising).toBe(true);
    expect(correctionOf([A, B], 0).isRising).toBe(true);
    expect(correctionOf([B, C], 0).isRising).toBe(false);
    expect(correctionOf([B, C], INTERPOLATE, { mode: 'stock' }).isRising).toBe(false);
    expect(correctionOf([B, B], 0, { mode: 'stock' }).isRising).toBe(true);
    expect(correctionOf([plain(0n, 0n), plain(10n, -20n)], INTERPOLATE).isRising).toBe(false);
  });
});
