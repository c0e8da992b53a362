import { isIPv6 } from 'node:net';
import { basename } from 'node:path';
import { TandemError } from '../base/errors.ts';
import {
  AGENT_PORT,
  checkGuestName,
  LAST_CID,
  LAST_TCP_PORT,
  LAST_VSOCK_PORT,
  type PeerAddress,
  printable,
} from './address.ts';
import { findGuests, type Guest } from './guests.ts';

/** What was written after -A. */
export interface AgentSpec {
  /** Checked; undefined when the text has an empty one (`@3:823`). */
  readonly name: string | undefined;
  /** `guest`: a name that is a guest's, or else a host's. */
  readonly target: PeerAddress | { readonly kind: 'guest'; readonly name: string; readonly port: number };
}

/** Where an agent is. */
export interface FoundAgent {
  readonly name: string | undefined;
  readonly address: PeerAddress;
  /** The guest that has this name or cid, when it runs in a VM on this machine. */
  readonly guest: Guest | undefined;
}

const FORMS = 'write NAME@CID:PORT, CID:PORT, HOST:PORT, [IPV6]:PORT, unix:PATH:PORT or the name of a guest';

/**
 * Reads `name@cid:port`, `cid:port`, `host:port`, `[v6]:port`, `unix:path:port` or a guest's name; the port may be
 * missing, and a name may come before each of them. An IPv6 address without brackets has no port.
 */
export function parseAgentSpec(text: string): AgentSpec {
  const [, named, path] = /^(?:([^@/]*)@)?unix:(.*)$/s.exec(text) ?? [];
  if (path !== undefined) return parseUnix(text, named, path);
  const at = text.lastIndexOf('@');
  const target = parseTarget(text, text.slice(at + 1), at >= 0);
  const name = at >= 0 ? text.slice(0, at) : nameOf(target);
  return { name: name === '' ? undefined : checkGuestName(name), target };
}

function parseUnix(text: string, named: string | undefined, rest: string): AgentSpec {
  const [, path = '', digits] = /^(.*?)(?::(\d+))?$/s.exec(rest) ?? [];
  if (path === '' || path.includes('\0')) throw malformed(text, 'a Unix socket needs a path');
  const name = named ?? basename(path).replace(/\.[^.]*$/, '');
  const target = { kind: 'unix', path, port: parsePort(text, digits, LAST_VSOCK_PORT) } as const;
  return { name: name === '' ? undefined : checkGuestName(name), target };
}

function parseTarget(text: string, rest: string, named: boolean): AgentSpec['target'] {
  if (isIPv6(rest)) return { kind: 'tcp', host: rest, port: AGENT_PORT };
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:[]*))(?::(.*))?$/s.exec(rest) ?? [];
  if (bracketed !== undefined) {
    if (!isIPv6(bracketed)) throw malformed(text, `'${printable(bracketed)}' is no IPv6 address`);
    return { kind: 'tcp', host: bracketed, port: parsePort(text, digits, LAST_TCP_PORT) };
  }
  if (!plain) throw malformed(text, 'this is no address');
  if (/^\d+$/.test(plain)) {
    const cid = parseCid(text, plain);
    return { kind: 'vsock', cid, port: parsePort(text, digits, LAST_VSOCK_PORT) };
  }
  const port = parsePort(text, digits, LAST_TCP_PORT);
  if (named || plain.includes('.')) return { kind: 'tcp', host: plain, port };
  return { kind: 'guest', name: plain, port };
}

function nameOf(target: AgentSpec['target']): string {
  if (target.kind === 'vsock') return String(target.cid);
  return target.kind === 'tcp' ? target.host : target.kind === 'guest' ? target.name : '';
}

function parsePort(text: string, digits: string | undefined, last: number): number {
  if (digits === undefined) return AGENT_PORT;
  const port = /^\d{1,10}$/.test(digits) ? Number(digits) : 0;
  if (port < 1 || port > last) throw malformed(text, `'${printable(digits)}' is no port from 1 to ${last}`);
  return port;
}

function parseCid(text: string, digits: string): number {
  const cid = digits.length <= 10 ? Number(digits) : 0;
  if (cid < 1 || cid > LAST_CID) throw malformed(text, `'${digits}' is no cid from 1 to ${LAST_CID}`);
  return cid;
}

function malformed(text: string, problem: string): TandemError {
  return new TandemError('USAGE', `-A '${printable(text)}'`, problem, FORMS);
}

/** Looks for the guest that is meant. A name that no guest has is a host's. */
export async function resolveAgentSpec({ name, target }: AgentSpec, find = findGuests): Promise<FoundAgent> {
  if (target.kind === 'tcp' || target.kind === 'unix') return { name, address: target, guest: undefined };
  const guests = await find();
  if (target.kind === 'vsock') {
    return { name, address: target, guest: guests.find(({ cid }) => cid === target.cid) };
  }
  const [guest, another] = guests.filter((candidate) => candidate.name === target.name);
  if (guest === undefined) return { name, address: { kind: 'tcp', host: target.name, port: target.port }, guest };
  if (another !== undefined) {
    const cids = [guest.cid, another.cid].map((cid) => cid ?? 'none').join(', ');
    throw new TandemError('USAGE', `guest '${target.name}'`, `several have this name (cids: ${cids})`, 'write the cid');
  }
  if (guest.cid === undefined) {
    const hint = 'give it one (vhost-vsock-pci, guest-cid=N), or write HOST:PORT of an agent that listens on TCP';
    throw new TandemError('NOT_FOUND', `guest '${target.name}'`, 'it has no vsock device', hint);
  }
  return { name, address: { kind: 'vsock', cid: guest.cid, port: target.port }, guest };
}
