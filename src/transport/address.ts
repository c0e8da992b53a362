import { TandemError } from '../base/errors.ts';
import type { SocketAddress } from '../kernel/socket-address.ts';

/** Where an agent can be reached; one member per way to get there. */
export type PeerAddress =
  | { readonly kind: 'vsock'; readonly cid: number; readonly port: number }
  /** `host`: a name, or a numeric address (IPv6 without brackets). */
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  /** Hybrid vsock: the Unix socket that the VM's monitor listens on, and a vsock port of its guest. */
  | { readonly kind: 'unix'; readonly path: string; readonly port: number };

/** Where agents listen when nobody says otherwise, on vsock and on TCP. */
export const AGENT_PORT = 823;
export const LAST_TCP_PORT = 65_535;
/** The ones above it, and the cids, mean "any". */
export const LAST_VSOCK_PORT = 0xffff_fffe;
export const LAST_CID = 0xffff_fffe;

const LONGEST_NAME = 200;

/** An address for messages, as it is written after -A. */
export function addressText(address: PeerAddress): string {
  const { kind, port } = address;
  if (kind === 'vsock') return `vsock ${address.cid}:${port}`;
  if (kind === 'unix') return `unix:${address.path}:${port}`;
  return address.host.includes(':') ? `[${address.host}]:${port}` : `${address.host}:${port}`;
}

/** The same end, at another port. */
export function atPort(address: PeerAddress, port: number): PeerAddress {
  return { ...address, port };
}

/** The end of a connected vsock or TCP socket. */
export function fromSocketAddress(address: SocketAddress): PeerAddress {
  if (address.family === 'vsock') return { kind: 'vsock', cid: address.cid, port: address.port };
  if (address.family === 'unix') return { kind: 'unix', path: address.path, port: 0 };
  return { kind: 'tcp', host: address.host, port: address.port };
}

/** The name of a guest, which becomes a part of file names and of folders: throws when it could lead elsewhere. */
export function checkGuestName(name: string): string {
  const problem = nameProblem(name);
  if (problem) throw new TandemError('USAGE', `guest '${printable(name)}'`, problem, 'give it another name');
  return name;
}

/** Whether `checkGuestName` lets it pass. */
export function isGuestName(name: string): boolean {
  return nameProblem(name) === undefined;
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'the name is empty';
  if (name === '.' || name.includes('..') || name.includes('/')) return 'a name is no path';
  if (name !== printable(name)) return 'the name has control characters';
  if (Buffer.byteLength(name) > LONGEST_NAME) return `the name has more than ${LONGEST_NAME} bytes`;
  return undefined;
}

/** Control characters of a peer's text must not reach the terminal. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, '?');
}
