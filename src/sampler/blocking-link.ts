import { TandemError } from '../base/errors.ts';
import { yieldCpu } from '../kernel/sampling-calls.ts';
import { receive, receiveNow, send, setSocketTimeouts } from '../kernel/sockets.ts';
import type { SyncLink } from '../sync/types.ts';
import { MESSAGE_LIMIT } from '../wire/messages.ts';
import {
  ProtocolTag,
  readTimeSyncHeader,
  TIME_SYNC_HEADER_SIZE,
  TIME_SYNC_PAYLOAD_LIMIT,
  TimeSyncHeader,
  writeTimeSyncHeader,
} from '../wire/time-sync/header.ts';
import { CONTROL_NAME } from '../wire/time-sync/none.ts';

const CONTROL = new ProtocolTag(CONTROL_NAME);
/** A measurement has fewer messages. */
const MOST_SKIPPED = 10_000;

/**
 * So long an awake end looks for a message before it falls asleep, ms. By the clock: where system calls are slow, a
 * number of looks could keep the only CPU of a guest from the kernel's threads that bring the message.
 */
const AWAKE_MS = 0.2;
/** Between two looks it lets others on its CPU go ahead so often: the peer might be one of them. */
const TRIES_BEFORE_YIELD = 8;
/** So often in succession a message came too late for that: then it is not worth it. */
const MOST_MISSES = 5;

/** How long to wait: not at all, for the time limit, or for ever. */
type Wait = 'now' | 'timed' | 'endless';

/** What happened to the connection: messages can be told apart no more, the peer is gone, or said nothing in time. */
export type LinkState = 'open' | 'silent' | 'gone';

/**
 * The connection of two samplers, for one protocol and the control messages. Every call blocks, none makes garbage
 * but where messages arrive in pieces. Errors: TIMEOUT where the peer says nothing, PEER where it left or sent what
 * nobody can read.
 */
export class BlockingLink implements SyncLink {
  readonly output: DataView;
  readonly input: DataView;
  state: LinkState = 'open';

  readonly #fd: number;
  /** The other end, for messages. */
  readonly peer: string;
  /** From the first message on. */
  readonly #usualTimeoutMs: number;
  #timeoutMs: number;
  readonly #protocol: ProtocolTag;
  readonly #sent = new Uint8Array(new ArrayBuffer(MESSAGE_LIMIT));
  readonly #sentView = new DataView(this.#sent.buffer);
  /** The starts of `#sent` of all lengths that were needed so far. */
  readonly #frames: (Uint8Array | undefined)[] = [];
  /** The message that is read, from its first byte on, and what came behind it. */
  readonly #received = new Uint8Array(new ArrayBuffer(2 * MESSAGE_LIMIT));
  readonly #receivedView = new DataView(this.#received.buffer);
  readonly #header = new TimeSyncHeader();
  #filled = 0;
  /** Bytes of the message that is read, once its header is here; 0 before. */
  #size = 0;
  /** The message was handed out, and makes room for the next one. */
  #isDone = false;
  #isAwake = false;
  /** Messages in succession that an awake end waited for in vain. */
  #misses = 0;

  /**
   * `fd` stays the caller's. `peer` names the other end in messages. `firstTimeoutMs`: how long it may take until it
   * says anything at all.
   */
  constructor(fd: number, protocol: string, peer: string, timeoutMs: number, firstTimeoutMs = timeoutMs) {
    this.#fd = fd;
    this.peer = peer;
    this.#usualTimeoutMs = timeoutMs;
    this.#timeoutMs = firstTimeoutMs;
    this.#protocol = new ProtocolTag(protocol);
    this.output = new DataView(this.#sent.buffer, TIME_SYNC_HEADER_SIZE);
    this.input = new DataView(this.#received.buffer, TIME_SYNC_HEADER_SIZE, TIME_SYNC_PAYLOAD_LIMIT);
    setSocketTimeouts(fd, firstTimeoutMs);
  }

  /**
   * Whether to look for messages again and again before falling asleep: waking up takes longer than the whole way of
   * a message. For threads with real-time priority only: others would use up their turn.
   */
  set isAwake(value: boolean) {
    this.#isAwake = value;
    this.#misses = 0;
  }

  send(id: number, length: number): void {
    this.#sendAs(this.#protocol, id, length);
  }

  /** As `send`, for a control message. */
  sendControl(id: number, length: number): void {
    this.#sendAs(CONTROL, id, length);
  }

  #sendAs(protocol: ProtocolTag, id: number, length: number): void {
    const size = writeTimeSyncHeader(this.#sentView, 0, protocol, id, length);
    let frame = this.#frames[size];
    if (frame === undefined) {
      frame = this.#sent.subarray(0, size);
      this.#frames[size] = frame;
    }
    let sent = this.#sendOnce(frame);
    while (sent < size) sent += this.#sendOnce(frame.subarray(sent));
  }

  #sendOnce(bytes: Uint8Array): number {
    let sent: number;
    try {
      sent = send(this.#fd, bytes, this.peer);
    } catch (error) {
      this.state = 'gone';
      throw error;
    }
    if (sent !== -1) return sent;
    this.state = 'gone'; // half a message may have left: nobody could find the start of the next one
    throw new TandemError('TIMEOUT', this.peer, `took no time sync message for ${this.#timeoutMs} ms`);
  }

  receive(): number {
    this.#readHeader('timed');
    if (this.#header.isOf(this.#protocol)) return this.#header.id;
    // It stays, for `receiveControl`.
    const problem = `sent a message of time sync protocol "${this.#header.describe()}" amid a measurement`;
    throw new TandemError('PEER', this.peer, problem);
  }

  payload(): number {
    while (this.#filled < this.#size) this.#receiveMore('timed');
    const { surplus, payloadLength } = this.#header;
    if (surplus > 0) {
      const begin = TIME_SYNC_HEADER_SIZE + surplus;
      this.#received.copyWithin(TIME_SYNC_HEADER_SIZE, begin, begin + payloadLength);
    }
    this.#isDone = true;
    return payloadLength;
  }

  /**
   * Waits for the next control message, as long as it takes, and returns its id; -1 when the peer has left. What is
   * left of a failed measurement is skipped.
   */
  receiveControl(): number {
    while (this.#readHeader('endless')) {
      if (this.#header.isOf(CONTROL)) return this.#header.id;
      this.payload();
    }
    return -1;
  }

  /** Skips what has arrived of a failed measurement; what arrives later will have to be skipped again. */
  skipArrived(): void {
    this.state = 'open';
    for (let skipped = 0; skipped < MOST_SKIPPED && this.#readHeader('now'); skipped++) {
      while (this.#filled < this.#size) if (!this.#receiveMore('now')) return;
      this.#isDone = true;
    }
  }

  /** Waits until the header of the message after the last one is here, and checks it. False: see `#receiveMore`. */
  #readHeader(wait: Wait): boolean {
    if (this.#isDone) {
      this.#received.copyWithin(0, this.#size, this.#filled);
      this.#filled -= this.#size;
      this.#size = 0;
      this.#isDone = false;
    }
    if (this.#size > 0) return true;
    while (!this.#parseHeader()) if (!this.#receiveMore(wait)) return false;
    this.#size = TIME_SYNC_HEADER_SIZE + this.#header.surplus + this.#header.payloadLength;
    return true;
  }

  #parseHeader(): boolean {
    try {
      return readTimeSyncHeader(this.#receivedView, 0, this.#filled, this.#header, this.peer);
    } catch (error) {
      this.state = 'gone';
      throw error;
    }
  }

  /** Receives at least a byte. False when nothing is there `now`, or the peer left an `endless` wait. */
  #receiveMore(wait: Wait): boolean {
    const into = this.#filled === 0 ? this.#received : this.#received.subarray(this.#filled);
    let length: number;
    try {
      do {
        length = wait === 'now' ? receiveNow(this.#fd, into, this.peer) : this.#receiveAwake(into);
      } while (length === -1 && wait === 'endless');
    } catch (error) {
      this.state = 'gone';
      throw error;
    }
    if (length > 0) {
      this.#filled += length;
      if (this.#timeoutMs !== this.#usualTimeoutMs) {
        this.#timeoutMs = this.#usualTimeoutMs;
        setSocketTimeouts(this.#fd, this.#timeoutMs);
      }
      return true;
    }
    if (length === -1) {
      if (wait === 'now') return false;
      this.state = 'silent';
      throw new TandemError('TIMEOUT', this.peer, `said nothing for ${this.#timeoutMs} ms amid a time measurement`);
    }
    this.state = 'gone';
    if (wait === 'endless') return false;
    throw new TandemError('PEER', this.peer, 'closed the time sync connection');
  }

  #receiveAwake(into: Uint8Array): number {
    if (this.#isAwake && this.#misses < MOST_MISSES) {
      const end = performance.now() + AWAKE_MS;
      do {
        for (let tries = 0; tries < TRIES_BEFORE_YIELD; tries++) {
          const length = receiveNow(this.#fd, into, this.peer);
          if (length !== -1) {
            this.#misses = 0;
            return length;
          }
        }
        yieldCpu();
      } while (performance.now() < end);
      this.#misses++;
    }
    return receive(this.#fd, into, this.peer);
  }
}
