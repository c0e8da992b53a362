import type { GuestTools, HostTools, Stamper, SyncLink, VcpuTsc } from '../../src/sync/types.ts';

/** A message of a time sync protocol, without its header. */
export interface SyncMessage {
  readonly id: number;
  readonly payload: Uint8Array;
}

/** A link whose other end is `next`: it is asked for a message each time one is awaited. What was sent is kept. */
export class ScriptedLink implements SyncLink {
  readonly peer = 'the peer';
  readonly output = new DataView(new ArrayBuffer(8192));
  readonly input = new DataView(new ArrayBuffer(8192));
  readonly sent: SyncMessage[] = [];
  readonly #next: () => SyncMessage;
  readonly #onSend: (message: SyncMessage) => void;
  #length = -1;

  constructor(next: () => SyncMessage, onSend: (message: SyncMessage) => void = () => {}) {
    this.#next = next;
    this.#onSend = onSend;
  }

  send(id: number, length: number): void {
    const message = { id, payload: new Uint8Array(this.output.buffer.slice(0, length)) };
    this.sent.push(message);
    this.#onSend(message);
  }

  receive(): number {
    if (this.#length !== -1) throw new Error('the payload of the message before was not taken');
    const { id, payload } = this.#next();
    new Uint8Array(this.input.buffer).set(payload);
    this.#length = payload.length;
    return id;
  }

  payload(): number {
    const length = this.#length;
    if (length === -1) throw new Error('there is no message whose payload could be taken');
    this.#length = -1;
    return length;
  }
}

/** A link on which the other end's messages are known beforehand. */
export function replayedLink(messages: readonly SyncMessage[]): ScriptedLink {
  let at = 0;
  return new ScriptedLink(() => {
    const message = messages[at++];
    if (!message) throw new Error('the other end has nothing more to say');
    return message;
  });
}

/** Stamps by slot, as `clock` says when they are made. */
export function stamper(clock: (slot: number) => bigint): Stamper {
  let stamps = new BigUint64Array(0);
  return {
    begin: (slots) => {
      stamps = new BigUint64Array(slots);
    },
    mark: (slot) => {
      if (stamps[slot] !== 0n) throw new RangeError(`slot ${slot} is no slot, or was marked before`);
      stamps[slot] = clock(slot);
    },
    read: () => stamps,
    wakings: () => new BigUint64Array(stamps.length),
  };
}

/** Each call is 15 % closer to the last than the one before: nothing is ever confirmed, so that all probes are made. */
export function quickening(): () => number {
  let now = -70;
  return () => {
    now *= 0.85;
    return now;
  };
}

export function hostTools(
  link: SyncLink,
  markers: Stamper,
  now: () => number,
  ask: (cpu: number) => void = () => {},
  vcpuTsc?: (cpu: number) => VcpuTsc,
): HostTools {
  const burst = <T>(work: () => T): T => work();
  return { link, markers, now, ask, vcpuTsc, burst, runWatch: undefined, systemClock: stamper(() => 1n) };
}

export function guestTools(link: SyncLink, markers: Stamper, now: () => number): GuestTools {
  return { link, markers, now, burst: (work) => work(), stampExits: () => new BigUint64Array(0) };
}
