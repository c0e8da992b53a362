import { TandemError } from '../base/errors.ts';
import type { Connection } from './connection.ts';

/** More than the largest message: a message is taken in one read where it arrived in one piece. */
const READ_BYTES = 64 * 1024;

/** A session of the wire protocol, as far as its connection moves it. */
export interface DrivenSession {
  readonly over: boolean;
  receive(bytes: Uint8Array): void;
  closed(reason?: string): void;
  expired(): void;
}

/** Moves a session without I/O by a connection and a timer: bytes both ways, and its waits. */
export class SessionDriver {
  readonly #connection: Connection;
  readonly #writeTimeoutMs: number;
  #session: DrivenSession | undefined;
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();
  #ended: Promise<void> = Promise.resolve();

  /** `writeTimeoutMs`: how long the peer may leave a message untaken. */
  constructor(connection: Connection, writeTimeoutMs: number) {
    this.#connection = connection;
    this.#writeTimeoutMs = writeTimeoutMs;
  }

  /** Starts to read. To be called once, when the session is ready for it. */
  drive(session: DrivenSession): void {
    this.#session = session;
    this.#ended = this.#readAll(session);
  }

  /** What the session wants sent; in the order of the calls. */
  send(bytes: Uint8Array): void {
    this.#written = this.#written
      .then(() => this.#connection.write(bytes, this.#writeTimeoutMs))
      .catch((error: unknown) => this.#session?.closed((error as Error).message));
  }

  /** What the session says of its waits. */
  waits(limit: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = limit === undefined ? undefined : setTimeout(() => this.#session?.expired(), limit);
  }

  /** Resolves when everything was sent, or could not be. */
  get flushed(): Promise<void> {
    return this.#written;
  }

  /** Resolves when the peer has closed. */
  get peerEnded(): Promise<void> {
    return this.#ended;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  /** Also when the session is over, until the peer has closed: what is unread at a close takes away what was sent. */
  async #readAll(session: DrivenSession): Promise<void> {
    const bytes = new Uint8Array(READ_BYTES);
    try {
      for (;;) {
        const count = await this.#connection.read(bytes, Number.POSITIVE_INFINITY);
        if (count === 0) break;
        session.receive(bytes.subarray(0, count));
      }
      session.closed();
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      session.closed(error.message);
    }
  }
}
