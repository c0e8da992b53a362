import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type Connection, readPcap } from './pcap.ts';

/** A session of stock trace-cmd 3.1.6, as it was on the wire. The host is the client of both connections. */
export interface CapturedSession {
  readonly control: Connection;
  readonly sync: Connection;
}

/** What the bundled captures hold; see `test/fixtures/wire/README.md`. */
export const CAPTURED = ['tcp-ptp', 'vsock-kvm'] as const;

export function capturedSession(name: (typeof CAPTURED)[number]): CapturedSession {
  const connections = readPcap(gunzipSync(readFileSync(resolve(`test/fixtures/wire/${name}.pcap.gz`))));
  const control = connections.find(({ server }) => server.endsWith(':823'));
  const sync = connections.find(({ server }) => !server.endsWith(':823'));
  if (!control || !sync) throw new Error(`${name} is not complete`);
  return { control, sync };
}

/** Everything that one end sent. */
export function streamOf(connection: Connection, end: 'client' | 'server'): Uint8Array {
  const parts = connection.packets.filter(({ fromClient }) => fromClient === (end === 'client'));
  return concat(parts.map(({ bytes }) => bytes));
}

export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let length = 0;
  for (const part of parts) {
    whole.set(part, length);
    length += part.length;
  }
  return whole;
}
