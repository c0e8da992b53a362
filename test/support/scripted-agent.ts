import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import { memorySource } from '../../src/base/byte-source.ts';
import { nodeCodecs } from '../../src/node/codecs.ts';
import { writeTraceFile } from '../../src/record/assemble.ts';
import { contentOf, symbolsIn } from '../../src/record/file-content.ts';
import { openTrace } from '../../src/trace-file/open.ts';
import { AgentSession, type TraceRequest } from '../../src/wire/agent-session.ts';

/** What an agent does when it gets a connection. */
export type Script = (agent: AgentCall) => void | Promise<void>;

/** One recorder's connection, for a script. */
export interface AgentCall {
  readonly socket: Socket;
  /** The state machine of the agent's side; drive it, or write to the socket what you like. */
  readonly session: AgentSession;
  readonly request: Promise<TraceRequest>;
  /** Resolves when the recorder asks for the end. */
  readonly close: Promise<void>;
}

/** An agent on a port of this machine that does as told: for recorders that are to meet a bad one. */
export class ScriptedAgent {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets: Set<Socket>;

  private constructor(server: Server, sockets: Set<Socket>) {
    this.#server = server;
    this.#sockets = sockets;
    this.port = (server.address() as AddressInfo).port;
  }

  static async start(script: Script): Promise<ScriptedAgent> {
    const sockets = new Set<Socket>();
    const server = createServer({ noDelay: true }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      void script(callOf(socket));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ScriptedAgent(server, sockets);
  }

  /** What stands after -A. */
  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  stop(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }
}

function callOf(socket: Socket): AgentCall {
  const request = later<TraceRequest>();
  const close = later<void>();
  const session = new AgentSession(
    { peer: 'recorder' },
    {
      send: (bytes) => void socket.write(bytes),
      waits: () => {},
      unexpected: () => {},
      failed: () => {},
      request: (asked) => request.resolve(asked),
      closeRequested: () => close.resolve(),
    },
  );
  session.start();
  socket.on('data', (bytes) => session.receive(bytes));
  socket.on('close', () => session.closed());
  return { socket, session, request: request.promise, close: close.promise };
}

/** A promise with what settles it. */
function later<T>(): { readonly promise: Promise<T>; readonly resolve: (value: T) => void } {
  let resolve!: (value: T) => void;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

/** What an agent has to send of a trace file: all of it but its events, and the sub-buffers of each CPU. */
export interface GuestTrace {
  readonly metadata: Uint8Array;
  readonly cpus: readonly Uint8Array[];
  readonly pageSize: number;
  readonly traceId: bigint;
}

/** Takes an uncompressed trace file apart. `scratch` takes a file. */
export async function guestTrace(bytes: Uint8Array, scratch: string): Promise<GuestTrace> {
  const file = await openTrace(memorySource('guest', bytes), nodeCodecs);
  const content = { ...contentOf(file, 7), ...(await symbolsIn(file)), buffers: [] };
  const output = join(scratch, 'metadata.dat');
  await writeTraceFile(output, content, { fileVersion: 7, compression: 'none' });
  const [top] = file.buffers;
  return {
    metadata: readFileSync(output),
    cpus: (top?.cpus ?? []).map(({ offset, size }) => bytes.subarray(offset, offset + size)),
    pageSize: top?.layout.size ?? 0,
    traceId: file.traceId ?? 0n,
  };
}

/** A port for each CPU that gives its bytes to whom connects, and closes when told. */
export async function dataPorts(cpus: readonly Uint8Array[], end: Promise<void>): Promise<number[]> {
  return Promise.all(
    cpus.map(async (bytes) => {
      const server = createServer((socket) => {
        server.close();
        socket.on('error', () => {});
        socket.write(bytes);
        void end.then(() => socket.end());
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
}
