import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../base/byte-writer.ts';
import { TimeColumn, type TimeStyle } from './time-column.ts';

const MASK = (1n << 64n) - 1n;

/** What the formats mean, in exact arithmetic. */
function expected(style: TimeStyle, time: bigint): string {
  if (style === 'integer') return `${String(time).padStart(12)}:`;
  const [units, digits] = style === 'microseconds' ? [((time + 500n) & MASK) / 1000n, 6] : [time, 9];
  const second = 10n ** BigInt(digits);
  return ` ${String(units / second).padStart(5)}.${String(units % second).padStart(digits, '0')}:`;
}

function text(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter();
  write(out);
  return new TextDecoder().decode(out.view());
}

const halves = (time: bigint) => [Number(time >> 32n), Number(time & 0xffff_ffffn)] as const;
const styles: TimeStyle[] = ['microseconds', 'nanoseconds', 'integer'];

describe('TimeColumn', () => {
  it('is exact over all 64 bits, whatever came before', () => {
    const near = fc.integer({ min: -2000, max: 2_000_000_000 });
    const steps = fc.array(fc.tuple(fc.bigInt({ min: 0n, max: MASK }), fc.array(near, { maxLength: 5 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(fc.constantFrom(...styles), steps, (style, bases) => {
        const column = new TimeColumn(style);
        for (const [base, distances] of bases) {
          for (const distance of [0, ...distances]) {
            const time = BigInt.asUintN(64, base + BigInt(distance));
            expect(text((out) => column.write(out, ...halves(time)))).toBe(expected(style, time));
          }
        }
      }),
      { numRuns: 300 },
    );
  });

  it('rounds half a microsecond up, over a second and over 2^64', () => {
    const column = new TimeColumn('microseconds');
    const show = (time: bigint) => text((out) => column.write(out, ...halves(time)));
    expect(show(999_999_499n)).toBe('     0.999999:');
    expect(show(999_999_500n)).toBe('     1.000000:');
    expect(show(MASK)).toBe('     0.000000:');
    expect(show(MASK - 1000n)).toBe(' 18446744073.709551:');
    expect(show(MASK)).toBe('     0.000000:');
  });

  it('writes the number without blank and colon for lists of times', () => {
    const show = (style: TimeStyle, time: bigint) =>
      text((out) => new TimeColumn(style).writeNumber(out, ...halves(time)));
    expect(show('microseconds', 1_000_021_000n)).toBe('    1.000021');
    expect(show('nanoseconds', 1_000_021_000n)).toBe('    1.000021000');
    expect(show('integer', 42n)).toBe('          42');
  });
});
