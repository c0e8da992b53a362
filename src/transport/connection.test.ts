import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { afterEach, describe, expect, test } from 'vitest';
import { bindSocket, closeSocket, connectSocket, listenSocket, localAddress, openSocket } from '../kernel/sockets.ts';
import type { PeerAddress } from './address.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';
import { type Listener, listen } from './listener.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const end of open.splice(0)) end.close();
});

function kept<T extends { close(): void }>(end: T): T {
  open.push(end);
  return end;
}

const tcp = (host: string, port: number): PeerAddress => ({ kind: 'tcp', host, port });

/** Both ends of a new connection. */
async function joined(listener: Listener, host = '127.0.0.1'): Promise<[Connection, Connection]> {
  const [near, far] = await Promise.all([connect(tcp(host, listener.port), 2000), listener.accept(2000)]);
  if (far === undefined) throw new Error('nobody came');
  return [kept(near), kept(far)];
}

const anyPort = (host?: string): Listener => kept(listen({ kind: 'tcp', port: 0, ...(host && { host }) }));
const text = (bytes: Uint8Array, length: number): string => Buffer.from(bytes.subarray(0, length)).toString();
const openFiles = (): number => readdirSync('/proc/self/fd').length;

async function timed<T>(work: Promise<T>): Promise<[T, number]> {
  const started = performance.now();
  return [await work, performance.now() - started];
}

describe('TCP', () => {
  test.each(['127.0.0.1', '::1', 'localhost'])('%s is reached at a listener on all addresses', async (host) => {
    const [near, far] = await joined(anyPort(), host);
    const into = new Uint8Array(10);
    const reading = far.read(into, 2000);
    await near.write(Buffer.from('request'), 1000);
    expect(text(into, await reading)).toBe('request');
    await far.write(Buffer.from('answer'), 1000);
    expect(text(into, await near.read(into, 2000))).toBe('answer');
    near.close();
    expect(await far.read(into, 2000)).toBe(0);
  });

  test('the peer is known by its numeric address, IPv4 as such', async () => {
    const listener = anyPort();
    const [near, far] = await joined(listener, 'localhost');
    expect(near.text).toMatch(new RegExp(`^(127\\.0\\.0\\.1|\\[::1\\]):${listener.port}$`));
    const [, v4] = await joined(listener, '127.0.0.1');
    expect(v4.peer).toEqual(tcp('127.0.0.1', (v4.peer as { port: number }).port));
    expect(far.peer.kind).toBe('tcp');
  });

  test('a message bigger than all buffers arrives whole', async () => {
    const [near, far] = await joined(anyPort());
    const message = new Uint8Array(20_000_000).map((_, i) => (i * 7919) >> 8);
    const writing = near.write(message, 20_000);
    const back = new Uint8Array(message.length);
    for (let at = 0; at < back.length; ) at += await far.read(back.subarray(at), 5000);
    await writing;
    expect(Buffer.compare(back, message)).toBe(0);
  });

  test('nobody listening is said at once', async () => {
    const listener = anyPort();
    listener.close();
    const failed = connect(tcp('127.0.0.1', listener.port), 5000);
    await expect(failed).rejects.toMatchObject({ code: 'PEER', errno: 'ECONNREFUSED' });
    await expect(failed).rejects.toThrow(
      `127.0.0.1:${listener.port}: connect failed (ECONNREFUSED); nobody listens there`,
    );
  });

  test('a host that does not answer is given up in time', async () => {
    const fd = openSocket('inet');
    kept({ close: () => closeSocket(fd) });
    bindSocket(fd, { family: 'inet', host: '127.0.0.1', port: 0 }, 'test');
    listenSocket(fd, 0, 'test'); // has room for one connection, and drops what comes after it
    const { port } = localAddress(fd) as { port: number };
    kept(await connect(tcp('127.0.0.1', port), 1000));
    const [error, took] = await timed(connect(tcp('127.0.0.1', port), 120).catch((reason: Error) => reason));
    expect((error as Error).message).toMatch(
      /^127\.0\.0\.1:\d+: no answer within 1\d\d ms \(ETIMEDOUT\); is it running/,
    );
    expect(took).toBeLessThan(1000);
  });

  test('a name without an address is no host', async () => {
    await expect(connect(tcp('no-such-host.invalid', 823), 9000)).rejects.toThrow(
      /^no-such-host\.invalid: (no host has this name|its address was not found)/,
    );
  });

  test('a port that is taken is refused, one that was just left is not', async () => {
    const listener = anyPort('127.0.0.1');
    const address = { kind: 'tcp', host: '127.0.0.1', port: listener.port } as const;
    expect(() => listen(address)).toThrow(/EADDRINUSE\); another program listens there/);
    const [near, far] = await joined(listener);
    far.close(); // the side that closes first keeps the port in TIME_WAIT
    near.close();
    listener.close();
    kept(listen(address));
  });

  test('a thousand connections leave no descriptor behind', async () => {
    const listener = anyPort();
    const [near, far] = await joined(listener); // opens what stays open
    near.close();
    far.close();
    const before = openFiles();
    for (let i = 0; i < 1000; i += 1) {
      for (const end of await joined(listener)) end.close();
      open.length = 1;
    }
    for (let i = 0; i < 50; i += 1) await connect(tcp('127.0.0.1', 1), 1000).catch(() => undefined);
    expect(openFiles()).toBe(before);
  });
});

describe('waiting', () => {
  test('a read ends when its time has passed, and can be tried again', async () => {
    const [near, far] = await joined(anyPort());
    const into = new Uint8Array(4);
    const [got, took] = await timed(far.read(into, 60));
    expect(got).toBe(-1);
    expect(took).toBeGreaterThan(50);
    expect(await far.read(into, 0)).toBe(-1);
    await near.write(Uint8Array.of(1), 100);
    expect(await far.read(into, 1000)).toBe(1);
  });

  test('a peer that takes nothing stops a write in time', async () => {
    const [near] = await joined(anyPort());
    const writing = near.write(new Uint8Array(50_000_000), 100);
    await expect(writing).rejects.toThrow(/does not take what it is sent within 100 ms \(ETIMEDOUT\)/);
  });

  test('closing ends a read of this end, shutting down one of both', async () => {
    const [near, far] = await joined(anyPort());
    const reads = [near.read(new Uint8Array(1), Infinity), far.read(new Uint8Array(1), Infinity)];
    near.shutdown();
    expect(await Promise.all(reads)).toEqual([0, 0]);
    const [other, end] = await joined(anyPort());
    const read = other.read(new Uint8Array(1), Infinity);
    other.close();
    other.close();
    expect(await read).toBe(0);
    expect(await end.read(new Uint8Array(1), 1000)).toBe(0);
    await expect(other.write(Uint8Array.of(1), 10)).rejects.toThrow(/EPIPE/);
  });

  test('a peer that resets the connection is an error of the read', async () => {
    const listener = anyPort('127.0.0.1');
    const fd = openSocket('inet');
    connectSocket(fd, { family: 'inet', host: '127.0.0.1', port: listener.port }, 'test');
    const far = kept((await listener.accept(1000)) as Connection);
    await far.write(Uint8Array.of(1), 100);
    closeSocket(fd); // what it has not read makes this a reset
    await expect(far.read(new Uint8Array(1), 1000)).rejects.toThrow(/recv failed \(ECONNRESET\)/);
  });

  test('hundreds of connections are waited for at once, beside the files that Node reads', async () => {
    const listener = anyPort();
    const pairs: [Connection, Connection][] = [];
    for (let i = 0; i < 200; i += 1) pairs.push(await joined(listener));
    const into = pairs.map(() => new Uint8Array(4));
    const reads = pairs.map(([, far], i) => far.read(into[i] as Uint8Array, 5000));
    await Promise.all(pairs.map(([near], i) => near.write(Uint8Array.of(i), 1000)));
    expect(await Promise.all(reads)).toEqual(pairs.map(() => 1));
    expect(into.map(([first]) => first)).toEqual(pairs.map((_, i) => i));
  });

  test('a thread may block on the descriptor while this one waits for others', async () => {
    const [near, far] = await joined(anyPort());
    const worker = new Worker(
      `const { readSync } = require('node:fs');
       const { parentPort, workerData } = require('node:worker_threads');
       const into = new Uint8Array(8);
       parentPort.postMessage(readSync(workerData, into));`,
      { eval: true, workerData: far.fd },
    );
    const answer = new Promise((done) => worker.once('message', done));
    setTimeout(() => void near.write(Uint8Array.of(1, 2, 3), 100), 50);
    expect(await near.read(new Uint8Array(1), 100)).toBe(-1);
    expect(await answer).toBe(3);
    await worker.terminate();
  });
});
