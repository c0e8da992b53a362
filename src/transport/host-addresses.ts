import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { TandemError } from '../base/errors.ts';
import { OsError } from '../kernel/os-error.ts';
import { packAddress, type SocketAddress, unpackAddress } from '../kernel/socket-address.ts';

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** The end of a socket at a numeric address: IPv4 written as IPv6 (`::ffff:192.0.2.1`) is IPv4. */
export function inetAddress(host: string, port: number): SocketAddress {
  const packed = packAddress({ family: isIP(host) === 6 ? 'inet6' : 'inet', host, port });
  return unpackAddress(packed, packed.length) as SocketAddress;
}

/** The addresses of a host, in the system's order of preference, each once. Throws when there is none. */
export async function addressesOf(host: string, port: number, timeoutMs: number): Promise<SocketAddress[]> {
  const found = isIP(host) === 0 ? await lookUp(host, timeoutMs) : [host];
  return [...new Set(found)].map((numeric) => inetAddress(numeric, port));
}

/** getaddrinfo(3) can't be given up: it goes on behind the error of a late answer. */
async function lookUp(host: string, timeoutMs: number): Promise<string[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const error = new OsError('ETIMEDOUT', host, `its address was not found within ${Math.round(timeoutMs)} ms`);
    timer = setTimeout(() => reject(error), Math.min(timeoutMs, LONGEST_TIMER_MS));
  });
  try {
    return (await Promise.race([lookup(host, { all: true }), late])).map(({ address }) => address);
  } catch (error) {
    if (error instanceof OsError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new TandemError('NOT_FOUND', host, `no host has this name (${code})`, 'is it spelt right?', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
