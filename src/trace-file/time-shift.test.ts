import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteBuilder } from '../../test/support/byte-builder.ts';
import { decodeTimeShift } from './time-shift.ts';
import type { SyncSample } from './types.ts';

const U64 = 2n ** 64n - 1n;
const anySample = fc.record({
  time: fc.bigInt({ min: 0n, max: U64 }),
  offset: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  scaling: fc.bigInt({ min: 0n, max: U64 }),
  fraction: fc.nat(63),
});
const anyCpus = fc.array(fc.array(anySample, { maxLength: 5 }), { maxLength: 4 });

interface Written {
  readonly cpus: readonly (readonly SyncSample[])[];
  readonly littleEndian?: boolean;
  readonly fractions?: boolean;
  /** The count word of every CPU, instead of its own count. */
  readonly word?: number;
}

/** The option as trace-cmd lays it out. */
function written({ cpus, littleEndian = true, fractions = true, word }: Written): Uint8Array {
  const out = new ByteBuilder(littleEndian);
  out.u64(99n).u32(1).u32(cpus.length);
  for (const samples of cpus) {
    out.u32(word ?? samples.length);
    for (const { time } of samples) out.u64(time);
    for (const { offset } of samples) out.u64(offset);
    for (const { scaling } of samples) out.u64(scaling);
  }
  if (!fractions) return out.take();
  for (const samples of cpus) {
    const count = word ?? samples.length;
    for (let i = 0; i < count; i++) out.u64(samples[i]?.fraction ?? 12345);
  }
  return out.take();
}

const withoutFractions = (cpus: readonly (readonly SyncSample[])[]): SyncSample[][] =>
  cpus.map((samples) => samples.map((sample) => ({ ...sample, fraction: 0 })));

describe('option TIME_SHIFT', () => {
  test('comes back as it was written, with its fractions and without', () => {
    fc.assert(
      fc.property(anyCpus, fc.boolean(), fc.boolean(), (cpus, littleEndian, fractions) => {
        const decoded = decodeTimeShift(written({ cpus, littleEndian, fractions }), littleEndian, 1);
        const expected = fractions ? cpus : withoutFractions(cpus);
        expect(decoded).toEqual({ timeShift: { peerTraceId: 99n, flags: 1, cpus: expected }, warning: undefined });
      }),
    );
  });

  test('is recovered when every CPU carries the last CPU’s count', () => {
    const rising = fc
      .array(anySample, { minLength: 1, maxLength: 6 })
      .map((samples) => samples.map((sample, i) => ({ ...sample, time: 1_000_000n * BigInt(i + 1) })));
    fc.assert(
      fc.property(fc.array(rising, { minLength: 2, maxLength: 4 }), (cpus) => {
        const word = cpus.at(-1)!.length;
        fc.pre(cpus.some((samples) => samples.length !== word));
        const decoded = decodeTimeShift(written({ cpus, word }), true, 1);
        expect(decoded.warning).toContain(`its length says ${cpus.map(({ length }) => length).join(', ')} per CPU`);
        const known = cpus.map((samples) =>
          samples.map((sample, i) => ({ ...sample, fraction: i < word ? sample.fraction : 0 })),
        );
        expect(decoded.timeShift?.cpus).toEqual(known);
      }),
    );
  });

  test('of trace-cmd 2.9 is one list for all CPUs', () => {
    const out = new ByteBuilder(true);
    out.u64(99n).u32(2).u64(1000).u64(2000).u64(-5).u64(7);
    const samples = [
      { time: 1000n, offset: -5n, scaling: 1n, fraction: 0 },
      { time: 2000n, offset: 7n, scaling: 1n, fraction: 0 },
    ];
    expect(decodeTimeShift(out.take(), true, 3)).toMatchObject({
      timeShift: { peerTraceId: 99n, flags: 1, cpus: [samples, samples, samples] },
      warning: expect.stringContaining('2.9'),
    });
  });

  test('is ignored with a warning when nothing adds up', () => {
    const cpus = [[{ time: 1n, offset: 2n, scaling: 1n, fraction: 0 }]];
    const whole = written({ cpus });
    for (let length = 0; length < whole.length; length++) {
      const decoded = decodeTimeShift(whole.slice(0, length), true, 1);
      // Without its last 8 bytes it is an option without fractions, which is fine.
      if (length === whole.length - 8) continue;
      // 28 bytes happen to be what 2.9 would have written.
      if (length === 28) continue;
      expect([length, decoded.timeShift]).toEqual([length, undefined]);
      expect(decoded.warning).toMatch(/ignored/);
    }
  });

  test('ends for any bytes, soon', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), fc.nat(40), fc.nat(8), (bytes, cpus, word) => {
        if (bytes.length > 20) new DataView(bytes.buffer).setUint32(12, cpus, true);
        if (bytes.length > 20) new DataView(bytes.buffer).setUint32(16, word, true);
        const { timeShift } = decodeTimeShift(bytes, true, 1);
        const samples = timeShift?.cpus.reduce((sum, list) => sum + list.length, 0) ?? 0;
        expect(samples * 16).toBeLessThanOrEqual(bytes.length);
      }),
      { numRuns: 1000 },
    );
  });
});
