import { setBlocking } from '../kernel/libc.ts';
import { OsError } from '../kernel/os-error.ts';
import { type SocketAddress, VMADDR_CID_ANY, VMADDR_PORT_ANY } from '../kernel/socket-address.ts';
import {
  acceptSocket,
  bindSocket,
  closeSocket,
  listenSocket,
  localAddress,
  openSocket,
  POLLIN,
  reuseAddress,
  serveBothFamilies,
} from '../kernel/sockets.ts';
import { addressText, fromSocketAddress, type PeerAddress } from './address.ts';
import { tcpConnection } from './connect.ts';
import { Connection } from './connection.ts';
import { inetAddress } from './host-addresses.ts';
import { ANY_PEER, type PeerCheck, sameEndAs } from './peer-check.ts';
import { pollLoop } from './poll-loop.ts';

/** Where to listen. Port 0 is any free one. `host` is numeric; without it all addresses are served, IPv4 and IPv6. */
export type ListenAddress =
  | { readonly kind: 'vsock'; readonly port: number }
  | { readonly kind: 'tcp'; readonly host?: string; readonly port: number };

export interface ListenOptions {
  /** Others are closed at once. */
  readonly check?: PeerCheck;
  /** Told of them. */
  readonly rejected?: (peer: string, why: string) => void;
}

/** TCP ports for the data of one CPU each, and for time synchronisation; other firewalls than ours know them. */
export const FIRST_DATA_PORT = 1500;
export const LAST_DATA_PORT = 6000;

const BACKLOG = 128;

/** A socket that others connect to. */
export class Listener {
  /** The real one, where any was asked for. */
  readonly port: number;
  readonly #fd: number;
  readonly #options: ListenOptions;
  readonly #text: string;
  #open = true;

  constructor(fd: number, options: ListenOptions) {
    const address = fromSocketAddress(localAddress(fd));
    this.port = address.port;
    this.#fd = fd;
    this.#options = options;
    this.#text = `listening on ${address.kind === 'vsock' ? `vsock port ${address.port}` : addressText(address)}`;
  }

  /** Waits for a connection of a peer that is admitted. Undefined when there is none in time, or after `close`. */
  async accept(timeoutMs: number): Promise<Connection | undefined> {
    const deadline = performance.now() + timeoutMs;
    while (this.#open) {
      const accepted = acceptSocket(this.#fd, this.#text);
      const connection = accepted && (await this.#admit(accepted.fd, accepted.peer));
      if (connection) return connection;
      const left = deadline - performance.now();
      if (left <= 0) break;
      if (accepted === undefined) await pollLoop.wait(this.#fd, POLLIN, left);
    }
    return undefined;
  }

  /** The connection of a new socket; undefined, and the socket is closed, when its peer is not welcome. */
  async #admit(fd: number, peer: SocketAddress): Promise<Connection | undefined> {
    const connection = peer.family === 'vsock' ? new Connection(fd, fromSocketAddress(peer)) : tcpConnection(fd, peer);
    const why = await this.#objection(connection.peer);
    if (why === undefined && this.#open) return connection;
    connection.close();
    if (why !== undefined) this.#options.rejected?.(connection.text, why);
    return undefined;
  }

  async #objection(peer: PeerAddress): Promise<string | undefined> {
    const { check = ANY_PEER } = this.#options;
    try {
      return (await check.admits(peer)) ? undefined : `only ${check.text} may connect`;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** Who waits in `accept` gets undefined. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    pollLoop.cancel(this.#fd);
    closeSocket(this.#fd);
  }
}

/** Listens. Throws an OsError when that can't be done (EADDRINUSE, EACCES ...). */
export function listen(address: ListenAddress, options: ListenOptions = {}): Listener {
  if (address.kind === 'vsock') {
    const port = address.port === 0 ? VMADDR_PORT_ANY : address.port;
    return listenAt({ family: 'vsock', cid: VMADDR_CID_ANY, port }, options);
  }
  if (address.host !== undefined) return listenAt(inetAddress(address.host, address.port), options);
  try {
    return listenAt({ family: 'inet6', host: '::', port: address.port }, options);
  } catch (error) {
    const noIpv6 = error instanceof OsError && ['EAFNOSUPPORT', 'EADDRNOTAVAIL'].includes(error.errno);
    if (!noIpv6) throw error;
    return listenAt({ family: 'inet', host: '0.0.0.0', port: address.port }, options);
  }
}

/**
 * Listens for one more connection of the peer of `control`, by the same way and at the same local address; others are
 * closed. On TCP at the first port that is free from `fromPort` on: FIRST_DATA_PORT, or the last one plus 1.
 */
export function listenForData(control: Connection, fromPort: number, options: ListenOptions = {}): Listener {
  const local = localAddress(control.fd);
  const checked = { ...options, check: sameEndAs(control.peer) };
  if (local.family === 'vsock') return listen({ kind: 'vsock', port: 0 }, checked);
  if (local.family === 'unix') throw new Error('hybrid vsock is the way to a guest, not back');
  for (let port = fromPort; port <= LAST_DATA_PORT; port += 1) {
    try {
      return listenAt({ ...local, port }, checked);
    } catch (error) {
      if (!(error instanceof OsError && error.errno === 'EADDRINUSE')) throw error;
    }
  }
  throw new OsError('EADDRINUSE', local.host, `no TCP port from ${fromPort} to ${LAST_DATA_PORT} is free`);
}

function listenAt(address: SocketAddress, options: ListenOptions): Listener {
  const text = addressText(fromSocketAddress(address));
  const fd = openSocket(address.family);
  try {
    // Without it an agent that was restarted would wait a minute for the port of its last connection.
    if (address.family !== 'vsock') reuseAddress(fd);
    if (address.family === 'inet6' && address.host === '::') serveBothFamilies(fd);
    bindSocket(fd, address, text);
    listenSocket(fd, BACKLOG, text);
    setBlocking(fd, false);
    return new Listener(fd, options);
  } catch (error) {
    closeSocket(fd);
    throw error;
  }
}
