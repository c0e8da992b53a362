import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../base/byte-writer.ts';
import { timeRange } from './time-bounds.ts';
import { TimeColumn } from './time-column.ts';

function columnOf(time: bigint): string {
  const out = new ByteWriter();
  new TimeColumn('microseconds').writeNumber(out, Number(time >> 32n), Number(time & 0xffff_ffffn));
  return new TextDecoder().decode(out.view()).trim();
}

describe('timeRange', () => {
  it('includes the lines that show the time, and no other', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10_000n, max: 1n << 62n }), fc.integer({ min: -3000, max: 3000 }), (time, near) => {
        const other = time + BigInt(near);
        const { from, to } = timeRange(columnOf(time), columnOf(time), 'microseconds');
        expect(other >= from! && other <= to!).toBe(columnOf(other) === columnOf(time));
      }),
    );
  });

  it('is exact with nine digits, in nanoseconds and of other clocks', () => {
    expect(timeRange('1.000000001', '2', 'nanoseconds')).toEqual({ from: 1_000_000_001n, to: 2_000_000_000n });
    expect(timeRange('1.0000005', undefined, 'microseconds')).toEqual({ from: 1_000_000_500n, to: undefined });
    expect(timeRange('18446744073709551615', undefined, 'integer')).toEqual({ from: (1n << 64n) - 1n, to: undefined });
  });

  it.each(['', 'x', '-1', '1.', '1.0000000001', '1e3'])('refuses %j', (text) => {
    expect(() => timeRange(text, undefined, 'microseconds')).toThrow(/^--from .*: is no time/);
  });

  it('refuses a fraction of a tick', () => {
    expect(() => timeRange(undefined, '1.5', 'integer')).toThrow(/^--to 1.5: is no time; write a whole number/);
  });
});
