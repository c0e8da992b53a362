import { mkdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { openFile } from './file-source.ts';

const folder = temporaryFolder();
const path = join(folder, 'bytes');
const content = Uint8Array.from({ length: 10_000 }, (_, i) => i & 0xff);

test('reads any range, shorter only at the end', async () => {
  writeFileSync(path, content);
  const source = await openFile(path);
  expect([source.name, source.size]).toEqual([path, 10_000]);
  for (const [offset, length] of [
    [0, 10],
    [9_990, 20],
    [10_000, 5],
    [20_000, 5],
    [5, 0],
  ] as const) {
    const expected = content.slice(offset, offset + length);
    expect(await source.read(offset, length)).toEqual(expected);
    const target = new Uint8Array(length).fill(0xee);
    expect(await source.readInto(target, offset)).toBe(expected.length);
    expect(target.subarray(0, expected.length)).toEqual(expected);
    target.fill(0xee);
    expect(source.readNow?.(target, offset)).toBe(expected.length);
    expect(target.subarray(0, expected.length)).toEqual(expected);
  }
  await source.close();
  expect(() => source.readNow?.(new Uint8Array(1), 0)).toThrow(expect.objectContaining({ code: 'IO' }));
});

test('reads beyond 4 GiB', async () => {
  const large = join(folder, 'large');
  writeFileSync(large, '');
  // Holes take no space.
  truncateSync(large, 5 * 2 ** 30);
  const source = await openFile(large);
  expect(source.size).toBe(5 * 2 ** 30);
  expect((await source.read(source.size - 3, 10)).length).toBe(3);
  await source.close();
});

test('what cannot be opened is an error with a next step', async () => {
  const message = (name: string): Promise<string> =>
    openFile(name).then(
      () => 'opened',
      (error: Error & { code: string }) => `${error.code} ${error.message}`,
    );
  const absent = join(folder, 'absent');
  expect(await message(absent)).toBe(`IO ${absent}: does not exist; check the path`);
  const directory = join(folder, 'directory');
  mkdirSync(directory);
  expect(await message(directory)).toBe(`IO ${directory}: is a directory; name the trace.dat in it`);
  expect(await message('/dev/null')).toMatch(/^IO .*not a regular file; /);
  expect(await message(join(path, 'below'))).toBe(`IO ${join(path, 'below')}: cannot be read: ENOTDIR`);
});
