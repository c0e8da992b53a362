import { TandemError } from '../base/errors.ts';
import { OsError } from '../kernel/os-error.ts';
import { printable } from './address.ts';
import type { Connection } from './connection.ts';

/*
 * Firecracker and Cloud Hypervisor offer the vsock of a guest as a Unix socket: who connects to it names a port by the
 * line `CONNECT <port>`, and once the guest has accepted gets the line `OK <port of the host's side>`. When nobody
 * listens on that port in the guest, the connection is closed. All that follows is between the two ends.
 */

/** `OK ` and 32 bits in decimal. */
const LONGEST_ANSWER = 'OK 4294967295'.length;

/** Asks for a port of the guest on a connection that is new. Reads no byte more than the answer. */
export async function askForPort(connection: Connection, port: number, deadline: number): Promise<void> {
  await connection.write(Buffer.from(`CONNECT ${port}\n`), deadline - performance.now());
  const answer = await readLine(connection, port, deadline);
  if (!/^OK \d{1,10}$/.test(answer)) {
    const problem = `the VM's vsock answers '${printable(answer)}' instead of OK and a number`;
    throw new TandemError(
      'PEER',
      connection.text,
      problem,
      'is this the vsock of a Firecracker or Cloud Hypervisor VM?',
    );
  }
}

/** A line without its end; or what is too long for one. */
async function readLine(connection: Connection, port: number, deadline: number): Promise<string> {
  const byte = new Uint8Array(1);
  let line = '';
  while (line.length <= LONGEST_ANSWER) {
    const received = await connection.read(byte, deadline - performance.now());
    if (received === 0) throw refused(connection, port);
    if (received === -1) {
      const hint = 'is the guest up, and its agent started?';
      throw new OsError('ETIMEDOUT', connection.text, `the VM's vsock does not answer CONNECT`, { hint });
    }
    if (byte[0] === 0x0a) break;
    line += String.fromCharCode(byte[0] as number);
  }
  return line;
}

function refused(connection: Connection, port: number): OsError {
  const hint = 'is the agent started there, and is the port right?';
  return new OsError('ECONNREFUSED', connection.text, `nobody listens on port ${port} in the guest`, { hint });
}
