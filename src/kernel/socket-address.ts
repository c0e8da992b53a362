import { endianness } from 'node:os';
import { TandemError } from '../base/errors.ts';
import { lazy } from './native.ts';

/** The end of a socket. `host` is numeric; a link-local one names its interface (`fe80::1%eth0`). */
export type SocketAddress =
  | { readonly family: 'vsock'; readonly cid: number; readonly port: number }
  | { readonly family: 'inet' | 'inet6'; readonly host: string; readonly port: number }
  | { readonly family: 'unix'; readonly path: string };

/** AF_... of socket(2) */
export const FAMILIES = { unix: 1, inet: 2, inet6: 10, vsock: 40 } as const;

/** vsock(7): any address of this machine, any free port, and this machine itself. */
export const VMADDR_CID_ANY = 0xffff_ffff;
export const VMADDR_PORT_ANY = 0xffff_ffff;
export const VMADDR_CID_LOCAL = 1;

/** Room for any of them: sockaddr_storage of socket(7). */
export const LONGEST_ADDRESS = 128;

const LITTLE = endianness() === 'LE';
const VSOCK_SIZE = 16;
const INET_SIZE = 16;
const INET6_SIZE = 28;
const UNIX_PATH_AT = 2;
const UNIX_SIZE = 110;

const native = {
  pton: lazy('int inet_pton(int family, const char *text, void *address)'),
  ntop: lazy('const char *inet_ntop(int family, const void *address, void *text, uint size)'),
  nameToIndex: lazy('uint if_nametoindex(const char *name)'),
  indexToName: lazy('const char *if_indextoname(uint index, void *name)'),
};

/** The struct sockaddr_... of an address (vsock(7), ip(7), ipv6(7), unix(7)). */
export function packAddress(address: SocketAddress): Uint8Array {
  const view = new DataView(new ArrayBuffer(LONGEST_ADDRESS));
  view.setUint16(0, FAMILIES[address.family], LITTLE);
  return new Uint8Array(view.buffer, 0, packRest(view, address));
}

/** Writes what follows the family. Returns the bytes of the whole. */
function packRest(view: DataView, address: SocketAddress): number {
  switch (address.family) {
    case 'vsock':
      view.setUint32(4, address.port, LITTLE);
      view.setUint32(8, address.cid, LITTLE);
      return VSOCK_SIZE;
    case 'inet':
      view.setUint16(2, address.port);
      packHost(FAMILIES.inet, address.host, new Uint8Array(view.buffer, 4, 4));
      return INET_SIZE;
    case 'inet6': {
      const [host = '', scope] = address.host.split('%');
      view.setUint16(2, address.port);
      packHost(FAMILIES.inet6, host, new Uint8Array(view.buffer, 8, 16));
      if (scope !== undefined) view.setUint32(24, interfaceIndex(scope), LITTLE);
      return INET6_SIZE;
    }
    case 'unix': {
      const path = Buffer.from(address.path);
      if (path.length >= UNIX_SIZE - UNIX_PATH_AT) {
        const problem = `a socket's path has at most ${UNIX_SIZE - UNIX_PATH_AT - 1} bytes`;
        throw new TandemError('USAGE', address.path, problem, 'make a shorter link to it');
      }
      new Uint8Array(view.buffer).set(path, UNIX_PATH_AT);
      return UNIX_PATH_AT + path.length + 1;
    }
  }
}

function packHost(family: number, host: string, into: Uint8Array): void {
  if (native.pton(family, host, into) !== 1) throw new TandemError('USAGE', host, 'is no numeric address');
}

function interfaceIndex(scope: string): number {
  if (/^\d+$/.test(scope)) return Number(scope);
  const index = native.nameToIndex(scope);
  if (index === 0) throw new TandemError('NOT_FOUND', scope, 'there is no such network interface', 'see: ip link');
  return index;
}

/** Reads the `length` bytes of a struct sockaddr_... that the kernel filled in; undefined for other families. */
export function unpackAddress(bytes: Uint8Array, length: number): SocketAddress | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  if (length < 2) return undefined;
  switch (view.getUint16(0, LITTLE)) {
    case FAMILIES.vsock:
      return { family: 'vsock', port: view.getUint32(4, LITTLE), cid: view.getUint32(8, LITTLE) };
    case FAMILIES.inet:
      return { family: 'inet', port: view.getUint16(2), host: hostText(FAMILIES.inet, bytes.subarray(4, 8)) };
    case FAMILIES.inet6:
      return unpackInet6(view, bytes);
    case FAMILIES.unix: {
      const path = Buffer.from(bytes.subarray(UNIX_PATH_AT, length));
      const end = path.indexOf(0);
      return { family: 'unix', path: path.toString('utf8', 0, end < 0 ? path.length : end) };
    }
    default:
      return undefined;
  }
}

/** An IPv4 peer of a socket for both kinds (`::ffff:192.0.2.1`) is shown as what it is. */
function unpackInet6(view: DataView, bytes: Uint8Array): SocketAddress {
  const port = view.getUint16(2);
  const mapped = view.getBigUint64(8) === 0n && view.getUint32(16) === 0xffff;
  if (mapped) return { family: 'inet', port, host: hostText(FAMILIES.inet, bytes.subarray(20, 24)) };
  const host = hostText(FAMILIES.inet6, bytes.subarray(8, 24));
  const scope = view.getUint32(24, LITTLE);
  return { family: 'inet6', port, host: scope === 0 ? host : `${host}%${interfaceName(scope)}` };
}

function hostText(family: number, address: Uint8Array): string {
  const LONGEST_TEXT = 46;
  return native.ntop(family, address, new Uint8Array(LONGEST_TEXT), LONGEST_TEXT) as unknown as string;
}

/** Its number, when it went away meanwhile. */
function interfaceName(index: number): string {
  const IF_NAMESIZE = 16;
  return (native.indexToName(index, new Uint8Array(IF_NAMESIZE)) as unknown as string | null) ?? String(index);
}
