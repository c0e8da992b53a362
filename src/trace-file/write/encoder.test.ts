import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Encoder } from './encoder.ts';

test('numbers of every width stay whole wherever the memory has to grow', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1010, max: 1030 }), fc.constantFrom('u8', 'u16', 'u32', 'u64'), (before, width) => {
      const bytes = new Encoder(true).zeros(before)[width](0x5a).u8(0xa5).finish();
      const size = { u8: 1, u16: 2, u32: 4, u64: 8 }[width];
      expect([bytes.length, bytes[before], bytes[before + size]]).toEqual([before + size + 1, 0x5a, 0xa5]);
    }),
  );
});
