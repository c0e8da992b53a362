import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { bindSocket, closeSocket, connectSocket, openSocket } from '../kernel/sockets.ts';
import { atPort, type PeerAddress } from './address.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';
import { FIRST_DATA_PORT, LAST_DATA_PORT, type Listener, listen, listenForData } from './listener.ts';
import { clientNamed, type PeerCheck, sameEndAs } from './peer-check.ts';

const open: { close(): void }[] = [];
afterEach(() => {
  for (const end of open.splice(0)) end.close();
});

function kept<T extends { close(): void }>(end: T): T {
  open.push(end);
  return end;
}

/** A control connection from 127.0.0.1, its agent's end. */
async function control(): Promise<Connection> {
  const listener = kept(listen({ kind: 'tcp', port: 0 }));
  kept(await connect({ kind: 'tcp', host: '127.0.0.1', port: listener.port }, 1000));
  return kept((await listener.accept(1000)) as Connection);
}

/** Connects from another address of this machine's loopback. */
function connectFrom(host: string, port: number): void {
  const fd = openSocket('inet');
  kept({ close: () => closeSocket(fd) });
  bindSocket(fd, { family: 'inet', host, port: 0 }, host);
  connectSocket(fd, { family: 'inet', host: '127.0.0.1', port }, host);
}

describe('accepting', () => {
  test('nobody comes: it ends in time, or when the listener is closed', async () => {
    const listener = kept(listen({ kind: 'tcp', port: 0 }));
    const started = performance.now();
    expect(await listener.accept(50)).toBeUndefined();
    expect(performance.now() - started).toBeGreaterThan(40);
    const waiting = listener.accept(Infinity);
    listener.close();
    expect(await waiting).toBeUndefined();
    expect(await listener.accept(50)).toBeUndefined();
  });

  test('several that came before anyone waited are all taken', async () => {
    const listener = kept(listen({ kind: 'tcp', port: 0 }));
    for (let i = 0; i < 10; i += 1) kept(await connect({ kind: 'tcp', host: '::1', port: listener.port }, 1000));
    for (let i = 0; i < 10; i += 1) expect(kept((await listener.accept(0)) as Connection).text).toMatch(/^\[::1\]:/);
  });

  test('a connection that is closed before it is accepted is one that ends', async () => {
    const listener = kept(listen({ kind: 'tcp', port: 0 }));
    (await connect({ kind: 'tcp', host: '127.0.0.1', port: listener.port }, 1000)).close();
    expect(await kept((await listener.accept(1000)) as Connection).read(new Uint8Array(1), 1000)).toBe(0);
  });
});

describe('who may connect', () => {
  test('others than the peer of the control connection are closed, and waiting goes on', async () => {
    const rejected: string[] = [];
    const data = kept(
      listenForData(await control(), FIRST_DATA_PORT, { rejected: (peer, why) => rejected.push(`${peer}: ${why}`) }),
    );
    connectFrom('127.0.0.2', data.port);
    connectFrom('127.0.0.3', data.port);
    const right = kept(await connect({ kind: 'tcp', host: '127.0.0.1', port: data.port }, 1000));
    const accepted = kept((await data.accept(1000)) as Connection);
    expect(accepted.peer).toMatchObject({ host: '127.0.0.1' });
    await right.write(Uint8Array.of(7), 100);
    expect(await accepted.read(new Uint8Array(1), 1000)).toBe(1);
    expect(rejected.map((line) => line.replace(/:\d+:/, ':'))).toEqual([
      '127.0.0.2: only 127.0.0.1 may connect',
      '127.0.0.3: only 127.0.0.1 may connect',
    ]);
  });

  test('wrong peers without end do not keep the wait from ending', async () => {
    const nobody: PeerCheck = { text: 'nobody', admits: async () => false };
    const listener = kept(listen({ kind: 'tcp', port: 0 }, { check: nobody }));
    let stop = false;
    const flood = (async () => {
      while (!stop) (await connect({ kind: 'tcp', host: '127.0.0.1', port: listener.port }, 1000)).close();
    })();
    expect(await listener.accept(150)).toBeUndefined();
    stop = true;
    await flood;
  });

  test('a client is known by the addresses of its name', async () => {
    const peer = (host: string): PeerAddress => ({ kind: 'tcp', host, port: 9 });
    const local = await clientNamed('localhost');
    expect([await local.admits(peer('127.0.0.1')), await local.admits(peer('127.0.0.2'))]).toEqual([true, false]);
    expect(await (await clientNamed('::ffff:192.0.2.9')).admits(peer('192.0.2.9'))).toBe(true);
    expect(await (await clientNamed('0:0::1')).admits(peer('::1'))).toBe(true);
    await expect(clientNamed('no-such-host.invalid')).rejects.toThrow(/no-such-host/);
  });

  test('a guest is known by its cid, from whatever port', async () => {
    const check = sameEndAs({ kind: 'vsock', cid: 3, port: 1000 });
    expect(await check.admits({ kind: 'vsock', cid: 3, port: 2000 })).toBe(true);
    expect(await check.admits({ kind: 'vsock', cid: 4, port: 1000 })).toBe(false);
    expect(await check.admits({ kind: 'tcp', host: '3', port: 1000 })).toBe(false);
  });
});

describe('ports for data', () => {
  test('are free ones from 1500 on, at the local address of the control connection', async () => {
    const agent = await control();
    const first = kept(listenForData(agent, FIRST_DATA_PORT));
    const second = kept(listenForData(agent, first.port + 1));
    expect(first.port).toBeGreaterThanOrEqual(FIRST_DATA_PORT);
    expect(second.port).toBeGreaterThan(first.port);
    const again = kept(listenForData(agent, first.port));
    expect(again.port).toBeGreaterThan(second.port);
    const elsewhere = connect({ kind: 'tcp', host: '::1', port: first.port }, 1000);
    await expect(elsewhere).rejects.toThrow(/ECONNREFUSED/);
  });

  test("another program's listener on all addresses takes its port as well", async () => {
    const agent = await control();
    const free = listenForData(agent, FIRST_DATA_PORT);
    free.close();
    const other = createServer();
    kept(other);
    await new Promise<void>((done) => other.listen(free.port, '0.0.0.0', done));
    expect(kept(listenForData(agent, free.port)).port).toBeGreaterThan(free.port);
  });

  test('beyond the last one there is none', async () => {
    const agent = await control();
    const blockers: Listener[] = [];
    for (let port = LAST_DATA_PORT - 1; port <= LAST_DATA_PORT; port += 1) {
      blockers.push(kept(listen({ kind: 'tcp', host: '127.0.0.1', port })));
    }
    expect(() => listenForData(agent, LAST_DATA_PORT - 1)).toThrow(/no TCP port from 5999 to 6000 is free/);
    expect(blockers).toHaveLength(2);
  });
});

describe('vsock', () => {
  test('an agent listens on a port of its own, data on any free one', (context) => {
    let listener: Listener;
    try {
      listener = kept(listen({ kind: 'vsock', port: 0 }));
    } catch (error) {
      context.skip(`no AF_VSOCK here: ${(error as Error).message}`);
      return;
    }
    expect(listener.port).toBeGreaterThan(1023);
    expect(() => listen({ kind: 'vsock', port: listener.port })).toThrow(
      `vsock 4294967295:${listener.port}: bind failed (EADDRINUSE)`,
    );
  });

  test('a connection to this machine itself, where the kernel has vsock_loopback', async (context) => {
    let near: Connection;
    let listener: Listener;
    try {
      listener = kept(listen({ kind: 'vsock', port: 0 }));
      near = kept(await connect({ kind: 'vsock', cid: 1, port: listener.port }, 500));
    } catch (error) {
      context.skip(`no vsock loopback here: ${(error as Error).message}`);
      return;
    }
    const agent = kept((await listener.accept(1000)) as Connection);
    expect(agent.peer).toMatchObject({ kind: 'vsock', cid: 1 });
    const data = kept(listenForData(agent, FIRST_DATA_PORT));
    const far = kept(await connect(atPort(near.peer, data.port), 1000));
    const accepted = kept((await data.accept(1000)) as Connection);
    await far.write(Uint8Array.of(1, 2), 100);
    expect(await accepted.read(new Uint8Array(4), 1000)).toBe(2);
    data.close();
    await expect(connect(atPort(near.peer, data.port), 1000)).rejects.toThrow(/ECONNREFUSED/);
  });
});
