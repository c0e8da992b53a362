import { TandemError } from '../../base/errors.ts';
import type { Connection } from '../../transport/connection.ts';
import { type HostListener, type HostOptions, HostSession, type TraceResponse } from '../../wire/host-session.ts';

/** More than the largest message: a message is taken in one read where it arrived in one piece. */
const READ_BYTES = 64 * 1024;
/** A peer that takes nothing for so long is stuck. */
const WRITE_TIMEOUT_MS = 10_000;

/** What is told as it happens, besides what is waited for. */
export interface ControlListener {
  /** The next bytes of the guest's trace file, only valid during the call. */
  metadata(bytes: Uint8Array): void;
  /** The peer sent something that makes no sense. The session goes on. */
  unexpected(command: string): void;
}

/**
 * The recorder's end of a control connection: the session of the wire protocol, driven by a connection and timers.
 * Each step is a promise; all of them reject with the error that ended the session.
 */
export class Control {
  readonly #connection: Connection;
  readonly #session: HostSession;
  readonly #listener: ControlListener;
  readonly #response = new Step<TraceResponse>();
  readonly #metadataEnd = new Step<void>();
  readonly #ended = new Step<boolean>();
  readonly #failure = new Step<TandemError>();
  #timer: NodeJS.Timeout | undefined;
  #written: Promise<void> = Promise.resolve();

  constructor(connection: Connection, options: HostOptions, listener: ControlListener) {
    this.#connection = connection;
    this.#listener = listener;
    this.#session = new HostSession(options, this.#sessionListener());
  }

  /** Sends the request. Resolves with the agent's answer. */
  request(): Promise<TraceResponse> {
    this.#session.start();
    void this.#readAll();
    return this.#response.promise;
  }

  /** A round of time sync ended, or was given up: the first, or the last after `close`. */
  roundEnded(): void {
    this.#session.roundEnded();
  }

  /** Resolves when all metadata was handed to the listener. */
  get metadataEnd(): Promise<void> {
    return this.#metadataEnd.promise;
  }

  /** Asks the agent to end its trace, if it is recording. */
  close(): void {
    if (this.#session.step === 'recording') this.#session.close();
  }

  /** After `close`. Resolves with whether the agent confirmed that it sent all data. */
  get ended(): Promise<boolean> {
    return this.#ended.promise;
  }

  /** Resolves with what ended the session before its time; never when it ends well. */
  get failure(): Promise<TandemError> {
    return this.#failure.promise;
  }

  /** Whether the agent is recording, and has nothing to say. */
  get isRecording(): boolean {
    return this.#session.step === 'recording';
  }

  /** Closes the connection, whatever state it is in. */
  dispose(): void {
    clearTimeout(this.#timer);
    this.#connection.close();
  }

  #sessionListener(): HostListener {
    return {
      send: (bytes) => this.#send(bytes),
      waits: (limit) => this.#wait(limit),
      unexpected: (command) => this.#listener.unexpected(command),
      response: (response) => this.#response.resolve(response),
      metadata: (bytes) => this.#listener.metadata(bytes),
      metadataEnd: () => this.#metadataEnd.resolve(),
      ended: (confirmed) => this.#ended.resolve(confirmed),
      failed: (error) => this.#fail(error),
    };
  }

  #fail(error: TandemError): void {
    for (const step of [this.#response, this.#metadataEnd, this.#ended]) step.reject(error);
    this.#failure.resolve(error);
  }

  #wait(limit: number | undefined): void {
    clearTimeout(this.#timer);
    this.#timer = limit === undefined ? undefined : setTimeout(() => this.#session.expired(), limit);
  }

  /** In the order of the calls. */
  #send(bytes: Uint8Array): void {
    this.#written = this.#written
      .then(() => this.#connection.write(bytes, WRITE_TIMEOUT_MS))
      .catch((error: unknown) => this.#session.closed((error as Error).message));
  }

  async #readAll(): Promise<void> {
    const bytes = new Uint8Array(READ_BYTES);
    try {
      while (!this.#session.over) {
        const count = await this.#connection.read(bytes, Number.POSITIVE_INFINITY);
        if (count === 0) break;
        this.#session.receive(bytes.subarray(0, count));
      }
      this.#session.closed();
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.#session.closed(error.message);
    }
  }
}

/** A promise that is settled from outside, and that nobody has to wait for. */
class Step<T> {
  readonly promise: Promise<T>;
  resolve!: (value: T) => void;
  reject!: (error: TandemError) => void;

  constructor() {
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.promise.catch(() => {});
  }
}
