import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import koffi from 'koffi';
import { afterEach, describe, expect, test } from 'vitest';
import { pipe, setBlocking, spliceNow } from './libc.ts';
import { packAddress, type SocketAddress, unpackAddress, VMADDR_CID_ANY, VMADDR_PORT_ANY } from './socket-address.ts';
import {
  acceptSocket,
  bindSocket,
  closeSocket,
  connectSocket,
  detectLostPeer,
  listenSocket,
  localAddress,
  openSocket,
  peerAddress,
  receive,
  receiveNow,
  send,
  sendNow,
  setSocketTimeouts,
  shutdownSocket,
} from './sockets.ts';

const LOOPBACK: SocketAddress = { family: 'inet', host: '127.0.0.1', port: 0 };
const open: number[] = [];
afterEach(() => {
  for (const fd of open.splice(0)) closeSocket(fd);
});

function socket(family: SocketAddress['family']): number {
  const fd = openSocket(family);
  open.push(fd);
  return fd;
}

/** Two connected TCP sockets, both blocking. */
function pair(): [number, number] {
  const listener = socket('inet');
  bindSocket(listener, LOOPBACK, 'test');
  listenSocket(listener, 1, 'test');
  const near = socket('inet');
  expect(connectSocket(near, localAddress(listener), 'test')).toBe('connected');
  const far = acceptSocket(listener, 'test');
  if (far === undefined) throw new Error('nobody came');
  open.push(far.fd);
  expect(far.peer).toEqual(localAddress(near));
  expect(peerAddress(near)).toEqual(localAddress(listener));
  return [near, far.fd];
}

describe('addresses', () => {
  test.each<SocketAddress>([
    { family: 'inet', host: '127.0.0.1', port: 0 },
    { family: 'inet6', host: '::1', port: 0 },
    { family: 'inet6', host: '::', port: 0 },
  ])('the kernel understands $host, and gives a free port', (address) => {
    const fd = socket(address.family);
    bindSocket(fd, address, 'test');
    const bound = localAddress(fd);
    expect(bound).toEqual({ ...address, port: expect.any(Number) });
    expect((bound as { port: number }).port).toBeGreaterThan(0);
    expect(() => bindSocket(socket(address.family), bound, 'test')).toThrow(/bind failed \(EADDRINUSE\)/);
  });

  test('a vsock port is what it was bound to; any port becomes one', (context) => {
    let fd: number;
    try {
      fd = socket('vsock');
    } catch (error) {
      context.skip(`no AF_VSOCK here: ${(error as Error).message}`);
      return;
    }
    bindSocket(fd, { family: 'vsock', cid: VMADDR_CID_ANY, port: 0x01_02_03_04 }, 'test');
    expect(localAddress(fd)).toEqual({ family: 'vsock', cid: VMADDR_CID_ANY, port: 0x01_02_03_04 });
    const other = socket('vsock');
    bindSocket(other, { family: 'vsock', cid: VMADDR_CID_ANY, port: VMADDR_PORT_ANY }, 'test');
    const { port } = localAddress(other) as { port: number };
    expect(port).toBeGreaterThan(1023);
    expect(port).toBeLessThan(VMADDR_PORT_ANY);
  });

  test('a Unix path is bound and found', () => {
    const folder = mkdtempSync(join(tmpdir(), 'tandem-sockets-'));
    const address: SocketAddress = { family: 'unix', path: join(folder, 'ä.sock') };
    const listener = socket('unix');
    bindSocket(listener, address, 'test');
    listenSocket(listener, 1, 'test');
    expect(localAddress(listener)).toEqual(address);
    const near = socket('unix');
    expect(connectSocket(near, address, 'test')).toBe('connected');
    expect(peerAddress(near)).toEqual(address);
    expect(() => packAddress({ family: 'unix', path: 'x'.repeat(108) })).toThrow(/at most 107 bytes/);
    rmSync(folder, { recursive: true });
  });

  test('IPv4 written as IPv6 is IPv4; an interface keeps its name', () => {
    const mapped = packAddress({ family: 'inet6', host: '::ffff:192.0.2.1', port: 823 });
    expect(unpackAddress(mapped, mapped.length)).toEqual({ family: 'inet', host: '192.0.2.1', port: 823 });
    const local = packAddress({ family: 'inet6', host: 'fe80::1%lo', port: 823 });
    expect(unpackAddress(local, local.length)).toEqual({ family: 'inet6', host: 'fe80::1%lo', port: 823 });
    expect(() => packAddress({ family: 'inet6', host: 'fe80::1%no-such', port: 1 })).toThrow(
      /no such network interface/,
    );
    expect(() => packAddress({ family: 'inet', host: 'localhost', port: 1 })).toThrow(/no numeric address/);
    expect(unpackAddress(new Uint8Array([200, 0, 1]), 3)).toBeUndefined();
  });
});

describe('bytes', () => {
  test('go both ways, into parts of a buffer', () => {
    const [near, far] = pair();
    expect(receiveNow(far, new Uint8Array(4), 'far')).toBe(-1);
    expect(send(near, Uint8Array.of(1, 2, 3, 4).subarray(1, 3), 'near')).toBe(2);
    const into = new Uint8Array(6);
    expect(receive(far, into.subarray(2, 5), 'far')).toBe(2);
    expect([...into]).toEqual([0, 0, 2, 3, 0, 0]);
    shutdownSocket(near);
    expect(receive(far, into, 'far')).toBe(0);
  });

  test('a blocking receive ends with its time-out, so does a send without room', () => {
    const [near, far] = pair();
    setSocketTimeouts(far, 40);
    const started = performance.now();
    expect(receive(far, new Uint8Array(1), 'far')).toBe(-1);
    expect(performance.now() - started).toBeGreaterThan(30);
    const block = new Uint8Array(1 << 20);
    while (sendNow(near, block, 'near') !== -1);
    setSocketTimeouts(near, 40);
    expect(send(near, block, 'near')).toBe(-1);
  });

  test('a send to a peer that is gone fails without a signal', () => {
    const [near, far] = pair();
    shutdownSocket(far);
    expect(() => {
      for (;;) send(near, new Uint8Array(1000), 'the other end');
    }).toThrow(/^the other end: send failed \((EPIPE|ECONNRESET)\)/);
  });

  test('a thread that blocks in receive goes on when the socket is shut down elsewhere', async () => {
    const [near] = pair();
    const code = `
      const koffi = require('koffi');
      const recv = koffi.load('libc.so.6').func('long recv(int fd, void *buffer, ulong length, int flags)');
      const { parentPort, workerData } = require('node:worker_threads');
      parentPort.postMessage('waiting');
      parentPort.postMessage(Number(recv(workerData, new Uint8Array(1), 1, 0)));`;
    const worker = new Worker(code, { eval: true, workerData: near });
    const answers: unknown[] = [];
    await new Promise<void>((done) => {
      worker.on('message', (message) => {
        answers.push(message);
        if (message === 'waiting') setTimeout(() => shutdownSocket(near), 30);
        else done();
      });
    });
    expect(answers).toEqual(['waiting', 0]);
    await worker.terminate();
  });

  test('a peer that vanished without a word is noticed by asking it', (context) => {
    const [near, far] = pair();
    const setsockopt = koffi.load('libc.so.6').func('int setsockopt(int, int, int, const void *, uint)');
    const [IPPROTO_TCP, TCP_REPAIR] = [6, 19];
    if (setsockopt(far, IPPROTO_TCP, TCP_REPAIR, Int32Array.of(1), 4) !== 0) {
      context.skip('only CAP_NET_ADMIN may let a connection vanish');
      return;
    }
    open.splice(open.indexOf(far), 1);
    closeSocket(far); // in repair mode without telling the peer
    setSocketTimeouts(near, 200);
    expect(receive(near, new Uint8Array(1), 'near')).toBe(-1);
    detectLostPeer(near, 1, 1, 1);
    setSocketTimeouts(near, 10_000);
    expect(() => receive(near, new Uint8Array(1), 'near')).toThrow(/ECONNRESET|ETIMEDOUT/);
  });

  test('splice from a socket waits, whatever it is told, unless the socket itself does not block', () => {
    const [near, far] = pair();
    const { readFd, writeFd } = pipe(4096);
    open.push(readFd, writeFd);
    const timed = (): [number, boolean] => {
      const started = performance.now();
      return [spliceNow(far, writeFd, 10, 'test'), performance.now() - started > 30];
    };
    setSocketTimeouts(far, 40);
    expect(timed()).toEqual([-1, true]);
    setBlocking(far, false);
    expect(timed()).toEqual([-1, false]);
    send(near, Uint8Array.of(1, 2, 3), 'near');
    expect(timed()).toEqual([3, false]);
  });
});
