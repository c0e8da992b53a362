import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** A stock `trace-cmd agent` or `trace-cmd listen` that serves on a port of this machine. */
export interface StockServer {
  readonly port: number;
  /** Kills it and the processes that it made for its clients. */
  stop(): void;
}

/** Starts one, and returns when it listens. `args` come after the port. */
export async function stockServer(command: 'agent' | 'listen', args: readonly string[]): Promise<StockServer> {
  const port = await freePort();
  // In a group of its own, since it forks for each client.
  const child = spawn('trace-cmd', [command, '-p', String(port), ...args], { detached: true, stdio: 'ignore' });
  child.unref();
  const stop = (): void => void process.kill(-child.pid!, 'SIGKILL');
  try {
    // An agent would take a connection that tries whether it is there for a recorder.
    for (let tries = 0; !isListening(port); tries++) {
      if (tries > 200) throw new Error(`trace-cmd ${command} does not listen`);
      await sleep(50);
    }
  } catch (error) {
    stop();
    throw error;
  }
  return { port, stop };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Whether somebody listens on a port, asked of the kernel. */
function isListening(port: number): boolean {
  const LISTEN = '0A';
  const hex = port.toString(16).toUpperCase().padStart(4, '0');
  const sockets = readFileSync('/proc/net/tcp', 'latin1') + readFileSync('/proc/net/tcp6', 'latin1');
  return sockets.split('\n').some((line) => {
    const [, local, , state] = line.trim().split(/\s+/);
    return state === LISTEN && local?.endsWith(`:${hex}`);
  });
}

export async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  return socket;
}
