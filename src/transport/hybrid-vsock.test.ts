import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { bindSocket, closeSocket, listenSocket, openSocket } from '../kernel/sockets.ts';
import { atPort, type PeerAddress } from './address.ts';
import { connect, monitorProcess } from './connect.ts';

const folder = mkdtempSync(join(tmpdir(), 'tandem-hybrid-'));
const path = join(folder, 'v.sock');
afterAll(() => rmSync(folder, { recursive: true }));

let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await new Promise((done) => (server === undefined ? done(undefined) : server.close(done)));
  server = undefined;
});

/** A monitor's socket: `answer` gets each request line, as the monitor does. */
async function monitor(answer: (socket: Socket, request: string) => void): Promise<PeerAddress> {
  server = createServer((socket) => {
    sockets.add(socket);
    let request = '';
    socket.on('error', () => undefined);
    socket.on('data', function first(bytes) {
      request += bytes.toString('latin1');
      if (!request.includes('\n')) return;
      socket.off('data', first);
      answer(socket, request);
    });
  });
  await new Promise<void>((done) => server?.listen(path, done));
  return { kind: 'unix', path, port: 823 };
}

describe("a VM's Unix socket", () => {
  test('leads to the port that it is asked for', async () => {
    const requests: string[] = [];
    const address = await monitor((socket, request) => {
      requests.push(request);
      socket.write('OK 1073741824\n');
      socket.on('data', (bytes) => socket.write(`guest heard ${bytes}`));
    });
    const connection = await connect(atPort(address, 1_234_567), 1000);
    await connection.write(Buffer.from('hello'), 100);
    const into = new Uint8Array(100);
    const length = await connection.read(into, 1000);
    expect(Buffer.from(into.subarray(0, length)).toString()).toBe('guest heard hello');
    expect(requests).toEqual(['CONNECT 1234567\n']);
    expect(connection.text).toBe(`unix:${path}:1234567`);
    expect(await monitorProcess(path, 1000)).toBe(process.pid);
    expect(await monitorProcess(`${path}.none`, 1000)).toBeUndefined();
    connection.close();
  });

  test('what the guest sends right after the answer is left for the reader', async () => {
    const address = await monitor((socket) => socket.write('OK 5\nOK 6\nfirst bytes'));
    const connection = await connect(address, 1000);
    const into = new Uint8Array(100);
    const length = await connection.read(into, 1000);
    expect(Buffer.from(into.subarray(0, length)).toString()).toBe('OK 6\nfirst bytes');
    connection.close();
  });

  test('may answer byte by byte', async () => {
    const address = await monitor(async (socket) => {
      for (const byte of 'OK 77\n!') {
        socket.write(byte);
        await new Promise((done) => setTimeout(done, 5));
      }
    });
    const connection = await connect(address, 2000);
    expect(await connection.read(new Uint8Array(5), 1000)).toBe(1);
    connection.close();
  });

  test.each([
    ['closes', (socket: Socket) => socket.end(), /nobody listens on port 823 in the guest \(ECONNREFUSED\)/],
    ['closes in the middle of its answer', (socket: Socket) => socket.end('OK 1'), /nobody listens on port 823/],
    ['goes away', (socket: Socket) => socket.destroy(), /nobody listens on port 823/],
    ['answers something else', (socket: Socket) => socket.write('HTTP/1.1 400\n'), /answers 'HTTP\/1\.1 400' instead/],
    ['answers OK alone', (socket: Socket) => socket.write('OK\n'), /answers 'OK' instead of OK and a number/],
    ['answers garbage', (socket: Socket) => socket.write('\x1b[2J\x00'.repeat(50)), /answers '\?\[2J\?/],
    [
      'never ends its line',
      (socket: Socket) => socket.write('OK 1'.padEnd(5000, '1')),
      /answers 'OK 1{10,15}' instead/,
    ],
    ['says nothing', () => undefined, /the VM's vsock does not answer CONNECT \(ETIMEDOUT\); is the guest up/],
    ['stops in its answer', (socket: Socket) => socket.write('OK 1'), /does not answer CONNECT \(ETIMEDOUT\)/],
  ])('that %s is a failure in one line, within the time, without a descriptor left', async (_, answer, message) => {
    const address = await monitor(answer);
    await connect(address, 150).catch(() => undefined); // opens what stays open
    const files = readdirSync('/proc/self/fd').length - sockets.size;
    const started = performance.now();
    const error: Error = await connect(address, 150).then(
      () => new Error('connected'),
      (reason) => reason,
    );
    expect(error.message).toMatch(message);
    expect(error.message).toMatch(/^unix:.*v\.sock:823: [ -~]+$/);
    expect(performance.now() - started).toBeLessThan(1000);
    expect(readdirSync('/proc/self/fd').length - sockets.size).toBeLessThanOrEqual(files);
  });

  test('that dies without reading what it is asked', async () => {
    server = createServer({ pauseOnConnect: true }, (socket) => setTimeout(() => socket.destroy(), 30));
    await new Promise<void>((done) => server?.listen(path, done));
    await expect(connect({ kind: 'unix', path, port: 1 }, 1000)).rejects.toThrow(
      /v\.sock:1: recv failed \(ECONNRESET\); the other end is gone/,
    );
  });

  test('that is not there, or where nobody listens', async () => {
    const missing: PeerAddress = { kind: 'unix', path: join(folder, 'missing'), port: 1 };
    await expect(connect(missing, 500)).rejects.toThrow(
      /missing:1: there is no such socket \(ENOENT\); is the VM running, and the path right\?/,
    );
    const left = { family: 'unix', path: join(folder, 'left') } as const;
    const fd = openSocket('unix');
    bindSocket(fd, left, 'test');
    closeSocket(fd);
    const failed = connect({ kind: 'unix', path: left.path, port: 1 }, 500);
    await expect(failed).rejects.toThrow(/no VM listens on this socket \(ECONNREFUSED\); is the VM running\?/);
  });

  test('that has no room for another connection is tried until the time has passed', async () => {
    const full = { family: 'unix', path: join(folder, 'full') } as const;
    const fd = openSocket('unix');
    bindSocket(fd, full, 'test');
    listenSocket(fd, 0, 'test');
    const address: PeerAddress = { kind: 'unix', path: full.path, port: 1 };
    const attempts = await Promise.allSettled([connect(address, 150), connect(address, 150), connect(address, 150)]);
    expect(attempts.map((attempt) => (attempt as PromiseRejectedResult).reason.message).join('\n')).toMatch(
      /full:1: no answer within 1\d\d ms \(ETIMEDOUT\)/,
    );
    closeSocket(fd);
  });
});
