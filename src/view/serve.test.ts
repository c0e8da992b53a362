import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { get, type IncomingHttpHeaders, type IncomingMessage, type OutgoingHttpHeaders, request } from 'node:http';
import { connect } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { exportView } from './export.ts';
import { serveView, type ViewServer } from './serve.ts';
import { servedFiles } from './served-files.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-view-'));
const page = join(folder, 'page.html');
const trace = join(folder, 'a trace#1.dat');
const secret = join(folder, 'secret.txt');
const PAGE = `<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:" /><p>page</p>`;
const BYTES = Uint8Array.from({ length: 1000 }, (_, i) => i % 251);
let server: ViewServer;

beforeAll(async () => {
  writeFileSync(page, PAGE);
  writeFileSync(trace, BYTES);
  writeFileSync(secret, 'secret');
  server = await serveView(page, servedFiles([trace]), 0);
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** A request as it stands: no client makes anything of its path. */
function ask(path: string, options: { method?: string; headers?: OutgoingHttpHeaders } = {}): Promise<Answer> {
  const { hostname, port } = new URL(server.url);
  return new Promise((done, fail) => {
    const asked = request({ hostname, port, path, ...options, agent: false }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    asked.on('error', fail).end();
  });
}

const root = (): string => new URL(server.url).pathname;
const listed = async (): Promise<{ name: string; url: string }[]> =>
  JSON.parse((await ask(`${root()}files.json`)).body.toString()).files;
const firstFile = async (): Promise<string> => `${root()}${(await listed())[0]?.url}`;

test('gives the page, the list and the files', async () => {
  const shown = await ask(root());
  expect([shown.status, shown.body.toString()]).toEqual([200, PAGE]);
  expect(shown.headers['content-type']).toBe('text/html; charset=utf-8');
  expect(shown.headers['cache-control']).toBe('no-store');
  expect((await listed()).map(({ name }) => name)).toEqual(['a trace#1.dat']);
  const whole = await ask(await firstFile());
  expect([whole.status, whole.headers['accept-ranges'], whole.body.equals(BYTES)]).toEqual([200, 'bytes', true]);
});

test('lets the page do what it says, and everything else nothing', async () => {
  const policy = async (path: string) => (await ask(path)).headers['content-security-policy'];
  expect(await policy(root())).toBe("default-src 'none'; img-src data:; frame-ancestors 'none'");
  for (const path of [`${root()}files.json`, await firstFile(), `${root()}none`])
    expect(await policy(path), path).toBe("default-src 'none'; frame-ancestors 'none'; sandbox");
});

describe('ranges', () => {
  test.each([
    ['bytes=0-0', 0, 0],
    ['bytes=100-199', 100, 199],
    ['bytes=990-5000', 990, 999],
    ['bytes=-5', 995, 999],
  ])('%s', async (range, first, last) => {
    const { status, headers, body } = await ask(await firstFile(), { headers: { range } });
    expect([status, headers['content-range']]).toEqual([206, `bytes ${first}-${last}/1000`]);
    expect(body.equals(BYTES.subarray(first, last + 1))).toBe(true);
  });

  test('beyond the end', async () => {
    const { status, headers, body } = await ask(await firstFile(), { headers: { range: 'bytes=1000-' } });
    expect([status, headers['content-range'], body.length]).toEqual([416, 'bytes */1000', 0]);
  });

  test('HEAD says how long the answer would be', async () => {
    const whole = await ask(await firstFile(), { method: 'HEAD' });
    expect([whole.status, whole.headers['content-length'], whole.body.length]).toEqual([200, '1000', 0]);
    const part = await ask(await firstFile(), { method: 'HEAD', headers: { range: 'bytes=0-9' } });
    expect([part.status, part.headers['content-length'], part.body.length]).toEqual([206, '10', 0]);
  });
});

describe('refuses', () => {
  test('a wrong token, whatever it asks for', async () => {
    const wrong = `/${'0'.repeat(root().length - 2)}/`;
    for (const path of ['/', '/files.json', wrong, `${wrong}files.json`, root().slice(0, -1), `/x${root()}`, '*'])
      expect((await ask(path)).status, path).toBe(404);
  });

  test('another Host, as a page of another site sends whose name leads here', async () => {
    const { port } = new URL(server.url);
    for (const host of ['evil.example', `evil.example:${port}`, '127.0.0.1', `127.0.0.1:${port}.evil.example`])
      expect((await ask(root(), { headers: { host } })).status, host).toBe(403);
    expect((await ask(root(), { headers: { host: `localhost:${port}` } })).status).toBe(200);
  });

  test('every path that is not in the list', async () => {
    const asked = ['trace/', 'trace', 'trace/secret.txt', 'trace/../secret.txt', 'trace/%2e%2e/secret.txt'];
    asked.push(
      '../secret.txt',
      `trace/${encodeURIComponent(secret)}`,
      `trace/${encodeURI(trace)}`,
      '..%2fsecret.txt',
      'page.html',
    );
    asked.push(
      'trace/a%20trace%231.dat/',
      'trace/a%20trace%231.dat%00',
      'trace%5csecret.txt',
      '%2e%2e/%2e%2e/etc/passwd',
    );
    for (const path of asked) {
      const { status, body } = await ask(`${root()}${path}`);
      expect([status, body.length], path).toEqual([404, 0]);
    }
  });

  test('to be written to', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS'])
      expect((await ask(await firstFile(), { method })).status, method).toBe(405);
  });

  test('connections from other machines', async () => {
    const { port } = new URL(server.url);
    const others = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
    for (const { address, internal, family } of others) {
      if (internal || family !== 'IPv4') continue;
      const refused = await new Promise((done) => {
        const socket = connect({ host: address, port: Number(port) });
        socket.on('error', () => done(true)).on('connect', () => done(false));
      });
      expect(refused, address).toBe(true);
    }
  });
});

test('a file that was removed is gone, and the server goes on', async () => {
  const path = join(folder, 'short-lived.dat');
  writeFileSync(path, 'x');
  const other = await serveView(page, servedFiles([path]), 0);
  try {
    rmSync(path);
    expect((await fetch(`${other.url}trace/short-lived.dat`)).status).toBe(410);
    expect((await fetch(other.url)).status).toBe(200);
  } finally {
    await other.close();
  }
});

describe('in the middle of a long answer', () => {
  /** More than sockets hold. */
  const LONG = 64 << 20;

  /** Begins to be read, and no more than that. */
  async function begun(path: string): Promise<IncomingMessage> {
    writeFileSync(path, '');
    truncateSync(path, LONG);
    const [name] = servedFiles([path]);
    const long = await serveView(page, [name!], 0);
    onTestFinished(() => long.close());
    const url = new URL(
      (JSON.parse(await (await fetch(`${long.url}files.json`)).text()) as { files: { url: string }[] }).files[0]!.url,
      long.url,
    );
    const answer = await new Promise<IncomingMessage>((done) => get(url, { agent: false }, done));
    await once(answer, 'readable');
    return answer;
  }

  const openFiles = (path: string): number =>
    readdirSync('/proc/self/fd').filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === path;
      } catch {
        return false;
      }
    }).length;

  test('a file that becomes shorter breaks the connection', async () => {
    const path = join(folder, 'shrinking.dat');
    const answer = await begun(path);
    truncateSync(path, 10);
    await expect(answer.resume().toArray()).rejects.toThrow('aborted');
  });

  test('a client that goes away leaves no file open', async () => {
    const path = join(folder, 'left.dat');
    const answer = await begun(path);
    expect(openFiles(path)).toBe(1);
    answer.destroy();
    await expect.poll(() => openFiles(path)).toBe(0);
  });
});

test('a port that is taken is an error of one line', async () => {
  const { port } = new URL(server.url);
  await expect(serveView(page, [], Number(port))).rejects.toThrow(
    `--port ${port}: can not be listened on (EADDRINUSE); another program listens there: stop it, or choose another port`,
  );
});

test('files of the same name in several folders keep names apart, and logs come along', () => {
  writeFileSync(`${trace}.tsync`, 'log');
  expect(servedFiles([trace, join('elsewhere', 'a trace#1.dat')]).map(({ name }) => name)).toEqual([
    'a trace#1.dat',
    '2-a trace#1.dat',
    'a trace#1.dat.tsync',
  ]);
  rmSync(`${trace}.tsync`);
});

test('an export holds the page, the list and the files', async () => {
  const target = join(folder, 'export');
  await exportView(page, servedFiles([trace]), target);
  expect(readdirSync(target).sort()).toEqual(['files.json', 'index.html', 'trace']);
  const [file] = JSON.parse(readFileSync(join(target, 'files.json'), 'utf8')).files;
  expect(readFileSync(join(target, decodeURIComponent(file.url))).equals(BYTES)).toBe(true);
});
