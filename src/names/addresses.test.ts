import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sortAddresses } from './addresses.ts';

test.each([
  ['of one kernel', fc.constant(0xffff_ffff)],
  ['anywhere', fc.constantFrom(0, 1, 0x8000_0000, 0xffff_ffff)],
])('addresses %s are sorted, equal ones backwards', (_what, hi) => {
  const address = fc.record({ hi, lo: fc.oneof(fc.nat(5), fc.nat(0xffff_ffff)) });
  fc.assert(
    fc.property(fc.array(address), (list) => {
      const value = (index: number) => (BigInt(list[index]?.hi ?? 0) << 32n) | BigInt(list[index]?.lo ?? 0);
      const expected = list.map((_, index) => index).sort((a, b) => Number(value(a) - value(b)) || b - a);
      const { his, los, order } = sortAddresses(
        Uint32Array.from(list, (one) => one.hi),
        Uint32Array.from(list, (one) => one.lo),
      );
      expect([...order]).toEqual(expected);
      expect([...his]).toEqual(expected.map((index) => list[index]?.hi));
      expect([...los]).toEqual(expected.map((index) => list[index]?.lo));
    }),
  );
});
