import type { MarkerInstance } from '../sampler/marker-instance.ts';
import { Sampler } from '../sampler/sampler.ts';
import type { Connection } from '../transport/connection.ts';
import { FIRST_DATA_PORT, type Listener, type ListenOptions, listenForData } from '../transport/listener.ts';

/** From the answer to a request until the recorder connects. */
const CONNECT_MS = 10_000;
/** How long the recorder may keep silent amid a measurement. */
const SILENCE_MS = 10_000;

/** What a recorder is to measure a clock with. */
export interface ClockSource {
  /** Name of the time sync protocol. */
  readonly protocol: string;
  readonly instance: MarkerInstance;
}

/** The answers to a recorder that measures this machine's clock, on a connection of their own. */
export class ClockAnswers {
  readonly #listener: Listener;
  readonly #source: ClockSource;
  readonly #peer: string;
  readonly #warn: (line: string) => void;
  #connection: Connection | undefined;
  #sampler: Sampler | undefined;
  #begun: Promise<void> = Promise.resolve();

  constructor(
    control: Connection,
    source: ClockSource,
    peer: string,
    options: Pick<ListenOptions, 'rejected'> & { readonly warn: (line: string) => void },
  ) {
    this.#listener = listenForData(control, FIRST_DATA_PORT, options);
    this.#source = source;
    this.#peer = peer;
    this.#warn = options.warn;
  }

  get port(): number {
    return this.#listener.port;
  }

  /** Waits for the recorder's connection, beside everything else. Without it the trace goes on unmeasured. */
  start(): void {
    this.#begun = this.#begin().catch((error: unknown) => this.#warn((error as Error).message));
  }

  async #begin(): Promise<void> {
    const connection = await this.#listener.accept(CONNECT_MS);
    this.#listener.close();
    if (connection === undefined) return;
    this.#connection = connection;
    const { protocol, instance } = this.#source;
    this.#sampler = Sampler.startGuest({
      ...{ fd: connection.fd, protocol, instance },
      ...{ peer: `time sync with ${this.#peer}`, timeoutMs: SILENCE_MS },
    });
  }

  /** Lets the recorder finish its last measurements, for so long. The instance can be removed afterwards. */
  async end(patienceMs: number): Promise<void> {
    this.#listener.close();
    await this.#begun;
    if (this.#sampler === undefined) {
      this.#warn(`${this.#peer}: never connected for time sync: this machine's clock was not measured`);
      return;
    }
    const { problems, failure } = await this.#sampler.stop(patienceMs);
    for (const problem of problems) this.#warn(problem);
    if (failure !== undefined) this.#warn(failure);
    this.#connection?.close();
  }

  /** Ends it at once, without a word. */
  async abandon(): Promise<void> {
    this.#listener.close();
    await this.#begun;
    this.#connection?.shutdown();
    await this.#sampler?.stop(0);
    this.#connection?.close();
  }
}
