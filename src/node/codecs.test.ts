import { deflateSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { storedZstd } from '../../test/support/build-trace.ts';
import { type Codecs, chunkBounds, decompressBlock, portableCodecs } from '../trace-file/codecs.ts';
import { nodeCodecs } from './codecs.ts';

const BOTH: [string, Codecs][] = [
  ['portable', portableCodecs],
  ['node', nodeCodecs],
];
const BOUNDS = chunkBounds(4096);
const block = async (codecs: Codecs, name: string, bytes: Uint8Array, size: number): Promise<Uint8Array> =>
  decompressBlock(codecs, name, bytes, size, BOUNDS, 'here');

beforeAll(init);

describe.each(BOTH)('%s codecs', (_name, codecs) => {
  test('undo zlib and zstd', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 5000 }), fc.nat(50), async (random, zeros) => {
        const bytes = new Uint8Array(random.length + 1000 * zeros);
        bytes.set(random);
        const packed = [
          ['zlib', deflateSync(bytes, { level: 9 })],
          ['zstd', compress(Buffer.from(bytes), 3)],
          ['zstd', storedZstd(bytes)],
          ['none', bytes],
        ] as const;
        for (const [name, compressed] of packed) {
          const result = await block(codecs, name, compressed, bytes.length);
          expect(Buffer.compare(result, bytes)).toBe(0);
        }
      }),
      { numRuns: 50 },
    );
  });

  test('refuse results of another size', async () => {
    const bytes = new Uint8Array(1000).fill(7);
    for (const size of [999, 1001]) {
      await expect(block(codecs, 'zlib', deflateSync(bytes), size)).rejects.toMatchObject({ code: 'CORRUPT' });
      await expect(block(codecs, 'zstd', storedZstd(bytes), size)).rejects.toMatchObject({ code: 'CORRUPT' });
      await expect(block(codecs, 'zstd', withoutContentSize(bytes), size)).rejects.toMatchObject({ code: 'CORRUPT' });
    }
    expect(await block(codecs, 'zstd', withoutContentSize(bytes), 1000)).toEqual(bytes);
  });

  test('end for damaged data with an error that says where', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('zlib', 'zstd'),
        fc.uint8Array({ maxLength: 300 }),
        fc.array(fc.tuple(fc.nat(400), fc.nat(255)), { minLength: 1, maxLength: 4 }),
        async (name, random, changes) => {
          const packed = new Uint8Array(name === 'zlib' ? deflateSync(random) : compress(Buffer.from(random), 3));
          for (const [at, value] of changes) packed[at % packed.length] = value;
          const result = await block(codecs, name, packed, random.length).catch((error: unknown) => error);
          if (result instanceof Uint8Array) expect(result.length).toBe(random.length);
          else expect(result).toMatchObject({ name: 'TandemError', code: 'CORRUPT', subject: 'here' });
        },
      ),
      { numRuns: 500 },
    );
  });

  test('do not even try sizes that cannot be', async () => {
    const bomb = storedZstd(new Uint8Array(100));
    for (const size of [BOUNDS.harmless + 1, BOUNDS.largest + 1, 0xffff_ffff]) {
      await expect(block(codecs, 'zstd', bomb, size)).rejects.toThrow(/^here: claims that \d+ bytes become/);
    }
    await expect(block(codecs, 'zlib', deflateSync(new Uint8Array(10)), 1 << 24)).rejects.toThrow(/claims that/);
  });

  test('a frame whose header promises gigabytes is not believed', async () => {
    const frame = storedZstd(new Uint8Array(100));
    new DataView(frame.buffer).setUint32(5, 0xffff_ffff, true);
    await expect(block(codecs, 'zstd', frame, 100)).rejects.toMatchObject({ code: 'CORRUPT' });
  });

  test('do not speak of compressing', async () => {
    const frame = storedZstd(new Uint8Array(100));
    frame[10] = 0xff;
    frame[11] = 0xff;
    await expect(block(portableCodecs, 'zstd', frame, 100)).rejects.toThrow('its zstd frame is damaged');
  });

  test('say which compression is unknown', async () => {
    await expect(block(codecs, 'lz4', Uint8Array.of(1), 1)).rejects.toMatchObject({ code: 'UNSUPPORTED' });
  });
});

/** A frame of one stored block as trace-cmd sets them up: without its size in the header. */
function withoutContentSize(bytes: Uint8Array): Uint8Array {
  const header = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50];
  const word = 1 + bytes.length * 8;
  return Uint8Array.of(...header, word & 0xff, (word >>> 8) & 0xff, word >>> 16, ...bytes);
}
