import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../base/byte-writer.ts';
import { TextCache, type ValueWriter } from './text-cache.ts';

const inHex: ValueWriter = (out, hi, lo) => out.hex64(hi, lo);

test('gives each value its own text, however many there are', () => {
  const cache = new TextCache(inHex);
  const half = fc.oneof(fc.integer({ min: 0, max: 40 }), fc.nat(), fc.integer());
  fc.assert(
    fc.property(half, half, (hi, lo) => {
      const out = new ByteWriter();
      cache.append(out, hi, lo);
      const value = (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
      expect(new TextDecoder().decode(out.view())).toBe(value.toString(16));
    }),
    { numRuns: 10_000 },
  );
});
