import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, test } from 'vitest';
import { type ByteSource, blobSource, memorySource, urlSource } from './byte-source.ts';

const content = Uint8Array.from({ length: 1000 }, (_, i) => i & 0xff);

/** Answers /ranges with ranges, /broken with half of them, /whole without, and anything else with 404. */
const answer: RequestListener = (request, response) => {
  const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
  if (request.url === '/whole') response.end(content);
  else if (request.url === '/broken' && range) {
    response.writeHead(206, { 'content-length': content.length, 'content-range': `bytes 0-999/${content.length}` });
    if (range[2] === '0') response.end(content);
    else response.write(content.subarray(0, 500), () => response.destroy());
  } else if (request.url !== '/ranges' || !range) response.writeHead(404).end();
  else {
    const [first, last] = [Number(range[1]), Math.min(Number(range[2]), content.length - 1)];
    response.writeHead(206, { 'content-range': `bytes ${first}-${last}/${content.length}` });
    response.end(content.subarray(first, last + 1));
  }
};
const server = createServer(answer);
const address = new Promise<string>((ready) => {
  server.listen(0, '127.0.0.1', () => ready(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
});
afterAll(() => void server.close());

const sources: [string, () => Promise<ByteSource>][] = [
  ['memory', async () => memorySource('bytes', content)],
  ['a Blob', async () => blobSource('bytes', new Blob([content]))],
  ['a URL', async () => urlSource(`${await address}/ranges`)],
];

describe.each(sources)('a source over %s', (_name, open) => {
  test('reads any range, shorter only at the end', async () => {
    const source = await open();
    expect(source.size).toBe(1000);
    for (const [offset, length] of [
      [0, 10],
      [990, 20],
      [1000, 5],
      [2000, 5],
      [5, 0],
    ] as const) {
      const expected = content.slice(offset, offset + length);
      expect(await source.read(offset, length)).toEqual(expected);
      const target = new Uint8Array(length);
      expect(await source.readInto(target, offset)).toBe(expected.length);
      expect(target.subarray(0, expected.length)).toEqual(expected);
    }
    await source.close();
  });

  test('gives memory of its own', async () => {
    const source = await open();
    (await source.read(0, 10)).fill(0xff);
    expect(await source.read(0, 3)).toEqual(content.slice(0, 3));
  });
});

describe('a URL that does not serve', () => {
  test('ranges says so', async () => {
    await expect(urlSource(`${await address}/whole`)).rejects.toMatchObject({
      code: 'UNSUPPORTED',
      hint: expect.stringContaining('download'),
    });
  });

  test('the file says so', async () => {
    await expect(urlSource(`${await address}/absent`)).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('404'),
    });
  });

  test('to the end says so', async () => {
    const source = await urlSource(`${await address}/broken`);
    await expect(source.readInto(new Uint8Array(1000), 0)).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('the connection broke'),
    });
  });

  test('at all says so', async () => {
    await expect(urlSource('http://127.0.0.1:1/x')).rejects.toMatchObject({ code: 'IO' });
  });
});
