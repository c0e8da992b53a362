import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { Later } from '../../src/base/later.ts';
import { HostSession, type TraceResponse } from '../../src/wire/host-session.ts';

export interface RecorderOptions {
  readonly args?: readonly string[];
  readonly syncProtocols?: readonly string[];
  readonly useFifos?: boolean;
}

/** A recorder that does as told, step by step: for agents that are to meet a bad one. */
export class ScriptedRecorder {
  readonly control: Socket;
  readonly session: HostSession;
  /** Of each CPU; none before `openData`. */
  data: readonly Socket[] = [];
  readonly received: Buffer[][] = [];
  readonly response: Promise<TraceResponse>;
  readonly metadataEnd: Promise<void>;
  /** Whether the agent confirmed the end. */
  readonly ended: Promise<boolean>;
  readonly #metadata: Uint8Array[] = [];
  readonly #failure = new Later<string>();

  private constructor(control: Socket, options: RecorderOptions) {
    this.control = control;
    const [response, metadataEnd, ended] = [new Later<TraceResponse>(), new Later<void>(), new Later<boolean>()];
    this.response = response.promise;
    this.metadataEnd = metadataEnd.promise;
    this.ended = ended.promise;
    const { args = ['-e', 'sched_switch'], syncProtocols, useFifos = false } = options;
    this.session = new HostSession(
      { peer: 'agent', portKind: 'tcp', request: { useFifos, traceId: 77n, args, syncProtocols } },
      {
        send: (bytes) => void control.write(bytes),
        waits: () => {},
        unexpected: () => {},
        response: (answer) => response.resolve(answer),
        metadata: (bytes) => void this.#metadata.push(bytes.slice()),
        metadataEnd: () => metadataEnd.resolve(),
        ended: (confirmed) => ended.resolve(confirmed),
        failed: (error) => {
          for (const step of [response, metadataEnd, ended]) step.reject(error);
          this.#failure.resolve(error.message);
        },
      },
    );
    control.on('data', (bytes) => this.session.receive(bytes));
    control.on('close', () => this.session.closed());
  }

  /** Connects to an agent of this machine. */
  static async connect(port: number, options: RecorderOptions = {}): Promise<ScriptedRecorder> {
    return new ScriptedRecorder(await connected(port), options);
  }

  /** Connects, and sends the request. */
  static async request(port: number, options: RecorderOptions = {}): Promise<ScriptedRecorder> {
    const recorder = await ScriptedRecorder.connect(port, options);
    recorder.session.start();
    return recorder;
  }

  /** What ended the session. */
  get failure(): Promise<string> {
    return this.#failure.promise;
  }

  get metadata(): Buffer {
    return Buffer.concat(this.#metadata);
  }

  /** Connects the data ports when the metadata is complete. */
  async openData({ reads = true } = {}): Promise<void> {
    const { ports, syncProtocol } = await this.response;
    if (syncProtocol !== '') this.session.roundEnded();
    await this.metadataEnd;
    this.data = await Promise.all(ports.map(connected));
    for (const [cpu, socket] of this.data.entries()) {
      this.received[cpu] = [];
      if (reads) socket.on('data', (bytes) => this.received[cpu]?.push(bytes));
    }
  }

  /** Ends the trace in good order. Returns the bytes of each CPU. */
  async finish(): Promise<Buffer[]> {
    const ends = this.data.map((socket) => once(socket, 'end'));
    this.session.close();
    this.session.roundEnded();
    await this.ended;
    await Promise.all(ends);
    this.destroy();
    return this.received.map((blocks) => Buffer.concat(blocks));
  }

  /** Goes without a word. */
  destroy(): void {
    for (const socket of [this.control, ...this.data]) socket.destroy();
  }
}

async function connected(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await once(socket, 'connect');
  socket.on('error', () => {});
  return socket;
}
