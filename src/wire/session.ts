import { TandemError } from '../base/errors.ts';
import { MessageReader, serialize } from './frame.ts';
import type { Message } from './messages.ts';
import { wrong } from './text.ts';

/** Messages that make no sense, after which a peer is given up. */
const UNEXPECTED_LIMIT = 100;

/** What either end of a session reports while it is driven. None of these may throw. */
export interface SessionListener {
  /** A whole message, to be written in one piece, in the order of the calls. The bytes belong to the receiver. */
  send(bytes: Uint8Array): void;
  /**
   * A wait for the peer begins, and any earlier one is over: call `expired` when `limit` milliseconds have passed
   * without another call of this. Undefined: nothing to wait for, or no matter how long.
   */
  waits(limit: number | undefined): void;
  /** The peer sent something that makes no sense in this step, and was told so. The session goes on. */
  unexpected(command: string): void;
  /** The session is over and can't be continued; `error` says in which step, and why. Called once, as the last. */
  failed(error: TandemError): void;
}

/**
 * One end of a control connection as a state machine without I/O: bytes that arrive, the connection's end and an
 * expired wait go in; messages to send and what happened come out, through a listener.
 */
export abstract class Session<Step extends string, Listener extends SessionListener> {
  /** The other end, in words: "agent at 10.0.0.2:823". The subject of all errors. */
  readonly peer: string;
  protected readonly listener: Listener;
  readonly #reader: MessageReader;
  #step: Step | 'done' | 'failed';
  #limit: number | undefined;
  #unexpected = 0;

  constructor(peer: string, listener: Listener, step: Step) {
    this.peer = peer;
    this.listener = listener;
    this.#reader = new MessageReader(peer);
    this.#step = step;
  }

  get step(): Step | 'done' | 'failed' {
    return this.#step;
  }

  /** Whether it came to its end, good or bad. What arrives afterwards is ignored. */
  get over(): boolean {
    return this.#step === 'done' || this.#step === 'failed';
  }

  /** Takes bytes that arrived, in any pieces. They are not kept. */
  receive(bytes: Uint8Array): void {
    if (this.over) return;
    try {
      this.#reader.read(bytes, (message) => {
        if (!this.over) this.handle(message);
      });
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      this.fail(error);
    }
  }

  /** The peer closed the connection, or it broke; `reason` is what the system said of it ("Connection reset by peer"). */
  closed(reason?: string): void {
    if (!this.over) this.fail(this.whenClosed(reason === undefined ? '' : ` (${reason})`));
  }

  /** The time of the last `waits` has passed. */
  expired(): void {
    if (this.over || this.#limit === undefined) return;
    this.fail(this.whenExpired(`${this.#limit / 1000} s`));
  }

  protected abstract handle(message: Message): void;
  /** The error for a connection that ended in this step. */
  protected abstract whenClosed(reason: string): TandemError;
  /** The error for a peer that stayed silent in this step. */
  protected abstract whenExpired(time: string): TandemError;

  /** Bytes of a message that stopped half-way. */
  protected get pending(): Uint8Array {
    return this.#reader.pending;
  }

  /** Goes on to a step, in which the peer has `limit` ms to say something. */
  protected enter(step: Step | 'done', limit?: number): void {
    this.#step = step;
    this.#limit = limit;
    this.listener.waits(limit);
  }

  protected post(message: Message): void {
    this.listener.send(serialize(message));
  }

  protected fail(error: TandemError): void {
    if (this.over) return;
    this.#step = 'failed';
    this.#limit = undefined;
    this.listener.waits(undefined);
    this.listener.failed(error);
  }

  /** Tells the peer that a message makes no sense, unless it told us so. */
  protected object(message: Message): void {
    if (message.command !== 'NOT_SUPP') this.post({ command: 'NOT_SUPP', reason: '' });
  }

  /** Goes on after a message that makes no sense, but not forever. */
  protected tolerate(message: Message): void {
    this.object(message);
    this.listener.unexpected(labelOf(message));
    if (++this.#unexpected < UNEXPECTED_LIMIT) return;
    this.fail(wrong(this.peer, `sent ${UNEXPECTED_LIMIT} messages that make no sense here`));
  }

  /** A mistake of the caller, not of the peer. */
  protected mustBeIn(...steps: readonly Step[]): void {
    if (!(steps as readonly string[]).includes(this.#step)) throw new Error(`not possible in step '${this.#step}'`);
  }
}

/** A message's name, for people. */
export function labelOf(message: Message): string {
  return message.command === 'UNKNOWN' ? `message number ${message.number}` : message.command;
}
