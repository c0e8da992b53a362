import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ByteSource, memorySource } from '../../../src/base/byte-source.ts';
import { blockCached } from './block-cache.ts';

const SIZE = 1_500_000;
const BYTES = Uint8Array.from({ length: SIZE }, (_, i) => (i * 31 + (i >> 8)) & 0xff);

/** Counts reads, and fails those that it is told to. */
function counted(): { readonly source: ByteSource; reads: number; fails: boolean } {
  const plain = memorySource('bytes', BYTES);
  const state = { reads: 0, fails: false, source: plain };
  const counting = <Result>(read: () => Promise<Result>): Promise<Result> => {
    state.reads++;
    return state.fails ? Promise.reject(new Error('no')) : read();
  };
  state.source = {
    ...plain,
    read: (offset, length) => counting(() => plain.read(offset, length)),
    readInto: (target, offset) => counting(() => plain.readInto(target, offset)),
  };
  return state;
}

test('whatever is read is what the source has', async () => {
  const cached = blockCached(counted().source);
  const place = fc.tuple(fc.integer({ min: 0, max: SIZE + 10 }), fc.integer({ min: 0, max: 600_000 }));
  await fc.assert(
    fc.asyncProperty(place, async ([offset, length]) => {
      const expected = BYTES.subarray(offset, offset + length);
      expect(Buffer.compare(await cached.read(offset, length), expected)).toBe(0);
      const target = new Uint8Array(length);
      expect(await cached.readInto(target, offset)).toBe(expected.length);
      expect(Buffer.compare(target.subarray(0, expected.length), expected)).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('small reads near each other are one read of the source', async () => {
  const state = counted();
  const cached = blockCached(state.source);
  for (let offset = 0; offset < 200_000; offset += 1000) await cached.read(offset, 16);
  expect(state.reads).toBe(1);
});

test('what failed is tried again', async () => {
  const state = counted();
  const cached = blockCached(state.source);
  state.fails = true;
  await expect(cached.read(0, 16)).rejects.toThrow('no');
  state.fails = false;
  expect(await cached.read(0, 16)).toEqual(BYTES.slice(0, 16));
});
