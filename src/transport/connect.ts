import { setTimeout as sleep } from 'node:timers/promises';
import { setBlocking } from '../kernel/libc.ts';
import { OsError } from '../kernel/os-error.ts';
import type { SocketAddress } from '../kernel/socket-address.ts';
import {
  checkConnected,
  closeSocket,
  connectSocket,
  detectLostPeer,
  listeningProcess,
  openSocket,
  POLLOUT,
  sendAtOnce,
  setVsockConnectTimeout,
} from '../kernel/sockets.ts';
import { addressText, fromSocketAddress, type PeerAddress } from './address.ts';
import { Connection } from './connection.ts';
import { addressesOf } from './host-addresses.ts';
import { askForPort } from './hybrid-vsock.ts';
import { pollLoop } from './poll-loop.ts';

/** A peer that vanished without a word is noticed after 20 + 5 * 20 s. A guest may be paused, or on its way, for less. */
const LOST_PEER = { idle: 20, interval: 20, probes: 5 } as const;
/** The listener of a Unix socket that has no room is tried again so often. */
const FULL_RETRY_MS = 20;
const LONGEST_VSOCK_MS = 3_600_000;

/**
 * Connects to a peer within `timeoutMs`. A host name's addresses are tried in turn, each with its share of the time.
 * Throws an OsError that says how it went (ECONNREFUSED, ETIMEDOUT ...).
 */
export async function connect(address: PeerAddress, timeoutMs: number): Promise<Connection> {
  const deadline = performance.now() + timeoutMs;
  if (address.kind === 'tcp') return connectTcp(address.host, address.port, deadline);
  const text = addressText(address);
  if (address.kind === 'vsock') {
    const { cid, port } = address;
    return new Connection(await connectFd({ family: 'vsock', cid, port }, deadline, text), address);
  }
  const connection = new Connection(await connectFd({ family: 'unix', path: address.path }, deadline, text), address);
  try {
    await askForPort(connection, address.port, deadline);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

/** The process of the VM whose monitor listens on a Unix socket; undefined where it is hidden, or nobody listens. */
export async function monitorProcess(path: string, timeoutMs: number): Promise<number | undefined> {
  let fd: number;
  try {
    fd = await connectFd({ family: 'unix', path }, performance.now() + timeoutMs, path);
  } catch (error) {
    if (error instanceof OsError) return undefined;
    throw error;
  }
  const pid = listeningProcess(fd);
  closeSocket(fd);
  return pid > 0 ? pid : undefined;
}

async function connectTcp(host: string, port: number, deadline: number): Promise<Connection> {
  const addresses = await addressesOf(host, port, deadline - performance.now());
  let failure: unknown;
  for (const [index, address] of addresses.entries()) {
    const now = performance.now();
    const share = now + (deadline - now) / (addresses.length - index);
    try {
      return tcpConnection(await connectFd(address, share, addressText({ kind: 'tcp', host, port })), address);
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

/** The connection of a TCP socket that is connected: each message leaves at once, a lost peer is noticed. */
export function tcpConnection(fd: number, peer: SocketAddress): Connection {
  sendAtOnce(fd);
  detectLostPeer(fd, LOST_PEER.idle, LOST_PEER.interval, LOST_PEER.probes);
  return new Connection(fd, fromSocketAddress(peer));
}

/** Returns the connected descriptor, which blocks. */
async function connectFd(address: SocketAddress, deadline: number, text: string): Promise<number> {
  const fd = openSocket(address.family);
  try {
    setBlocking(fd, false);
    const left = Math.min(Math.max(deadline - performance.now(), 1), LONGEST_VSOCK_MS);
    if (address.family === 'vsock') setVsockConnectTimeout(fd, left);
    await finishConnect(fd, address, deadline, text);
    setBlocking(fd, true);
    return fd;
  } catch (error) {
    closeSocket(fd);
    throw explain(error, address, text);
  }
}

async function finishConnect(fd: number, address: SocketAddress, deadline: number, text: string): Promise<void> {
  const started = performance.now();
  for (let state = connectSocket(fd, address, text); state !== 'connected'; ) {
    const left = deadline - performance.now();
    if (left <= 0) throw tooLate(text, started);
    if (state === 'under way') {
      if ((await pollLoop.wait(fd, POLLOUT, left)) === 0) throw tooLate(text, started);
      checkConnected(fd, text);
      return;
    }
    await sleep(Math.min(FULL_RETRY_MS, left));
    state = connectSocket(fd, address, text);
  }
}

function tooLate(text: string, started: number): OsError {
  return new OsError('ETIMEDOUT', text, `no answer within ${Math.round(performance.now() - started)} ms`);
}

/** What some errors mean on sockets of this family. */
function explain(error: unknown, { family }: SocketAddress, text: string): unknown {
  if (!(error instanceof OsError)) return error;
  const { errno } = error;
  if (family === 'vsock' && errno === 'ECONNRESET') return new OsError('ECONNREFUSED', text, 'connect failed');
  if (family === 'vsock' && errno === 'ENODEV') {
    const hint = 'on the host load vhost_vsock; a guest needs a vsock device';
    return new OsError(errno, text, 'this machine has no vsock that leads there', { hint });
  }
  if (family === 'unix' && errno === 'ENOENT') {
    return new OsError(errno, text, 'there is no such socket', { hint: 'is the VM running, and the path right?' });
  }
  if (family === 'unix' && errno === 'ECONNREFUSED') {
    return new OsError(errno, text, 'no VM listens on this socket', { hint: 'is the VM running?' });
  }
  return error;
}
