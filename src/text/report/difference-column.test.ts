import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteWriter } from '../../base/byte-writer.ts';
import { DifferenceColumn } from './difference-column.ts';

/** The column's rule in exact arithmetic, over a list of times. */
function expected(times: readonly bigint[], inMicroseconds: boolean): string {
  let last = 0n;
  let columns = '';
  for (const time of times) {
    const value = inMicroseconds ? BigInt.asUintN(64, time + 500n) / 1000n : time;
    columns += ` ${(last === 0n ? '' : `(+${BigInt.asIntN(64, value - last)})`).padEnd(8)}`;
    last = value;
  }
  return columns;
}

it('shows the signed time since the line before, for all 64 bits', () => {
  const time = fc.oneof(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.bigInt({ min: 0n, max: 3000n }));
  fc.assert(
    fc.property(fc.array(time), fc.boolean(), (times, inMicroseconds) => {
      const out = new ByteWriter();
      const column = new DifferenceColumn();
      for (const t of times) column.write(out, Number(t >> 32n), Number(t & 0xffff_ffffn), inMicroseconds);
      expect(new TextDecoder().decode(out.view())).toBe(expected(times, inMicroseconds));
    }),
  );
});
