import { Later } from '../base/later.ts';
import { within } from '../base/within.ts';
import type { Connection } from '../transport/connection.ts';
import { SessionDriver } from '../transport/session-driver.ts';
import { type AgentListener, type AgentResponse, AgentSession, type TraceRequest } from '../wire/agent-session.ts';

/** Of the metadata, which stock recorders read only after their first round of time sync. */
const WRITE_TIMEOUT_MS = 120_000;
/** A peer that was told the last word closes at once. */
const LAST_WORD_MS = 2000;

/** What goes on besides the steps of a session. */
export interface ControlEvents {
  /** The peer sent something that makes no sense. The session goes on. */
  unexpected(command: string): void;
}

/** The agent's end of a control connection: the session of the wire protocol, its steps as promises. */
export class AgentControl {
  /** The recorder's request. Rejects when there is none. */
  readonly request: Promise<TraceRequest>;
  /** Resolves when the recorder wants the trace to end. */
  readonly closeRequested: Promise<void>;
  /** Rejects when the session is over before its time; never resolves. */
  readonly lost: Promise<never>;
  readonly #driver: SessionDriver;
  readonly #session: AgentSession;

  constructor(connection: Connection, events: ControlEvents, requestLimit?: number) {
    this.#driver = new SessionDriver(connection, WRITE_TIMEOUT_MS);
    const asked = new Later<TraceRequest>();
    const close = new Later<void>();
    const lost = new Later<never>();
    this.request = Promise.race([asked.promise, lost.promise]);
    this.request.catch(() => {});
    this.closeRequested = close.promise;
    this.lost = lost.promise;
    const listener: AgentListener = {
      send: (bytes) => this.#driver.send(bytes),
      waits: (limit) => this.#driver.waits(limit),
      unexpected: (command) => events.unexpected(command),
      request: (request) => asked.resolve(request),
      closeRequested: () => close.resolve(),
      failed: (error) => lost.reject(error),
    };
    const options = { peer: `recorder at ${connection.text}`, ...(requestLimit && { requestLimit }) };
    this.#session = new AgentSession(options, listener);
    this.#session.start();
    this.#driver.drive(this.#session);
  }

  /** The other end in words: the subject of all errors. */
  get peer(): string {
    return this.#session.peer;
  }

  /** Whether nothing is to come any more: refused, confirmed or lost. */
  get isOver(): boolean {
    return this.#session.over;
  }

  respond(response: AgentResponse): void {
    this.#session.respond(response);
  }

  /** Says no, if there is anything left to say no to. */
  refuse(reason: string): void {
    if (['decision', 'metadata'].includes(this.#session.step)) this.#session.refuse(reason);
  }

  sendMetadata(bytes: Uint8Array): void {
    this.#session.sendMetadata(bytes);
    this.#session.endMetadata();
  }

  confirmEnd(): void {
    this.#session.confirmEnd();
  }

  /** Closes, after the peer has heard the last word, if there was one. */
  async close(): Promise<void> {
    if (this.#session.step === 'done') await within(this.#driver.peerEnded, LAST_WORD_MS);
    this.#driver.close();
  }
}
