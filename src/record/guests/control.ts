import type { TandemError } from '../../base/errors.ts';
import { Later } from '../../base/later.ts';
import type { Connection } from '../../transport/connection.ts';
import { SessionDriver } from '../../transport/session-driver.ts';
import { type HostListener, type HostOptions, HostSession, type TraceResponse } from '../../wire/host-session.ts';

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
  readonly #driver: SessionDriver;
  readonly #session: HostSession;
  readonly #listener: ControlListener;
  readonly #response = new Later<TraceResponse>();
  readonly #metadataEnd = new Later<void>();
  readonly #ended = new Later<boolean>();
  readonly #failure = new Later<TandemError>();

  constructor(connection: Connection, options: HostOptions, listener: ControlListener) {
    this.#driver = new SessionDriver(connection, WRITE_TIMEOUT_MS);
    this.#listener = listener;
    this.#session = new HostSession(options, this.#sessionListener());
  }

  /** Sends the request. Resolves with the agent's answer. */
  request(): Promise<TraceResponse> {
    this.#session.start();
    this.#driver.drive(this.#session);
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
    this.#driver.close();
  }

  #sessionListener(): HostListener {
    return {
      send: (bytes) => this.#driver.send(bytes),
      waits: (limit) => this.#driver.waits(limit),
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
}
