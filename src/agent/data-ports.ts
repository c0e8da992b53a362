import { closeSync } from 'node:fs';
import { join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import type { Connection } from '../transport/connection.ts';
import { GUEST_PORT_ROOT, openGuestPorts, portName } from '../transport/fifos.ts';
import { FIRST_DATA_PORT, type Listener, type ListenOptions, listenForData } from '../transport/listener.ts';

/** Where one CPU's sub-buffers go. */
export interface DataOutput {
  readonly fd: number;
  /** For messages. */
  readonly text: string;
}

/** How data gets to the recorder: FIFOs where it has them, and this machine the other ends; else a port for each CPU. */
export class DataPorts {
  readonly #listeners: Listener[] = [];
  readonly #connections: Connection[] = [];
  readonly #cpuCount: number;
  #fifos: readonly DataOutput[] | undefined;
  #isClosed = false;

  /** Opens everything. `control` is the connection of the session: others than its peer are `rejected`. */
  constructor(
    control: Connection,
    cpuCount: number,
    wantsFifos: boolean,
    options: Pick<ListenOptions, 'rejected'>,
    fifoRoot = GUEST_PORT_ROOT,
  ) {
    this.#cpuCount = cpuCount;
    const fds = wantsFifos ? openGuestPorts(cpuCount, fifoRoot) : undefined;
    this.#fifos = fds?.map((fd, cpu) => ({ fd, text: join(fifoRoot, portName(cpu)) }));
    if (this.useFifos) return;
    try {
      for (let from = FIRST_DATA_PORT; this.#listeners.length < cpuCount; ) {
        const listener = listenForData(control, from, options);
        this.#listeners.push(listener);
        from = listener.port + 1;
      }
    } catch (error) {
      this.close();
      throw error;
    }
  }

  get useFifos(): boolean {
    return this.#fifos !== undefined;
  }

  /** One for each CPU; zeros for FIFOs. */
  get ports(): number[] {
    if (this.useFifos) return new Array<number>(this.#cpuCount).fill(0);
    return this.#listeners.map(({ port }) => port);
  }

  /** Waits until the recorder is connected to all of them. Throws a TandemError (`TIMEOUT`) when it is not in time. */
  async connected(peer: string, timeoutMs: number): Promise<readonly DataOutput[]> {
    if (this.#fifos !== undefined) return this.#fifos;
    const deadline = performance.now() + timeoutMs;
    for (const [cpu, listener] of this.#listeners.entries()) {
      const connection = await listener.accept(deadline - performance.now());
      if (connection === undefined) {
        const problem = `did not connect to port ${listener.port} for the data of CPU ${cpu} within ${timeoutMs / 1000} s`;
        throw new TandemError('TIMEOUT', peer, problem, 'does a firewall keep it away?');
      }
      this.#connections.push(connection);
      listener.close();
      if (this.#isClosed) this.close();
    }
    return this.#connections.map(({ fd, text }, cpu) => ({ fd, text: `data connection of CPU ${cpu} to ${text}` }));
  }

  /** Nobody may be using the descriptors any more. */
  close(): void {
    this.#isClosed = true;
    for (const listener of this.#listeners) listener.close();
    for (const connection of this.#connections) connection.close();
    for (const { fd } of this.#fifos ?? []) closeSync(fd);
    this.#fifos = undefined;
  }
}
