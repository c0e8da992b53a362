import { TandemError } from '../base/errors.ts';
import { readFixedPart, writeFixedPart } from './fields.ts';
import {
  COMMANDS,
  type CommandName,
  commandName,
  fixedSize,
  HEADER_SIZE,
  MESSAGE_LIMIT,
  type Message,
  type Parameters,
} from './messages.ts';
import {
  readCountedStrings,
  readParameters,
  readPorts,
  readReason,
  writeParameters,
  writePorts,
  writeReason,
} from './payloads.ts';
import { joinStrings, wrong } from './text.ts';

const empty = new Uint8Array();

/**
 * Turns the bytes of a connection into messages, however they were cut. Holds at most one message of 8192 bytes, in
 * a buffer that is used again; what can't be a message is refused by its first 12 bytes.
 */
export class MessageReader {
  readonly #subject: string;
  readonly #buffer = new Uint8Array(MESSAGE_LIMIT);
  #length = 0;
  /** Bytes to go on with: of the header, then of the whole message. */
  #wanted = HEADER_SIZE;

  /** `subject` names the other end, for errors. */
  constructor(subject: string) {
    this.#subject = subject;
  }

  /** The bytes of a message that is not complete yet. */
  get pending(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  /**
   * Takes the next bytes, and hands every message that they complete to `deliver`. A message's bytes are only valid
   * during that call.
   *
   * @throws TandemError (`PEER`) for bytes that break the protocol: nothing can be read from the connection after it
   */
  read(bytes: Uint8Array, deliver: (message: Message) => void): void {
    let offset = 0;
    while (offset < bytes.length) {
      const taken = Math.min(this.#wanted - this.#length, bytes.length - offset);
      this.#buffer.set(bytes.subarray(offset, offset + taken), this.#length);
      this.#length += taken;
      offset += taken;
      if (this.#length === HEADER_SIZE) this.#wanted = messageSize(this.#buffer, this.#subject);
      if (this.#length < this.#wanted) continue;
      const message = this.#buffer.subarray(0, this.#length);
      this.#length = 0;
      this.#wanted = HEADER_SIZE;
      deliver(decode(message, this.#subject));
    }
  }
}

/** Checks the first 12 bytes of a message; returns its size. */
function messageSize(header: Uint8Array, subject: string): number {
  const view = new DataView(header.buffer, header.byteOffset, HEADER_SIZE);
  const size = view.getUint32(0);
  if (size < HEADER_SIZE || size > MESSAGE_LIMIT) {
    throw wrong(
      subject,
      `sent a message that claims ${size} bytes (possible are ${HEADER_SIZE} to ${MESSAGE_LIMIT}), ${quoted(header)}`,
      'is it a trace-cmd or tandem that answers at that port?',
    );
  }
  const fixed = view.getUint32(8);
  if (fixed > size - HEADER_SIZE) {
    throw wrong(subject, `sent a message of ${size} bytes whose fixed part claims ${fixed}`);
  }
  return size;
}

/** The first bytes of what is no message, as text where it is one: "HTTP/1.1 400". */
export function quoted(bytes: Uint8Array): string {
  const head = bytes.subarray(0, HEADER_SIZE);
  const isText = head.every((byte) => (byte >= 0x20 && byte < 0x7f) || byte === 0x0a || byte === 0x0d);
  if (isText) return `beginning with ${JSON.stringify(String.fromCharCode(...head))}`;
  return `beginning with ${[...head].map((byte) => byte.toString(16).padStart(2, '0')).join(' ')}`;
}

/** Reads one whole message whose header was checked. */
function decode(bytes: Uint8Array, subject: string): Message {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const number = view.getUint32(4);
  const sent = view.getUint32(8);
  const command = commandName(number);
  if (!command) return { command: 'UNKNOWN', number, fixedSize: sent, bytes: bytes.subarray(HEADER_SIZE) };
  const known = fixedSize(command);
  const { values, count } = readFixedPart(command, fixedView(view, sent, known), subject);
  const payload = bytes.subarray(HEADER_SIZE + sent);
  return { command, ...values, ...readPayload(command, payload, count ?? 0, subject) } as Message;
}

/** The fixed part as we know it: a longer one's surplus is left out, a shorter one's missing end is zero. */
function fixedView(message: DataView, sent: number, known: number): DataView {
  if (sent >= known) return new DataView(message.buffer, message.byteOffset + HEADER_SIZE, known);
  const padded = new Uint8Array(known);
  padded.set(new Uint8Array(message.buffer, message.byteOffset + HEADER_SIZE, sent));
  return new DataView(padded.buffer);
}

function readPayload(command: CommandName, bytes: Uint8Array, count: number, subject: string): object {
  switch (COMMANDS[command].payload) {
    case 'none':
      return {};
    case 'bytes':
      return { bytes };
    case 'strings':
      return { options: readCountedStrings(bytes, count, command, subject) };
    case 'ports':
      return { ports: readPorts(bytes, count, command, subject) };
    case 'parameters':
      return readParameters(bytes, subject);
    case 'reason':
      return { reason: readReason(bytes) };
  }
}

/**
 * A message as bytes of its own, to be sent with one write: a peer without TCP_NODELAY at either end would otherwise
 * wait for an acknowledgement in the middle.
 *
 * @throws TandemError for what does not fit into a message: the arguments of a request (`USAGE`), the ports of more
 *   than some 700 CPUs (`UNSUPPORTED`)
 */
export function serialize(message: Message): Uint8Array {
  if (message.command === 'UNKNOWN') {
    const { number, fixedSize: fixed, bytes } = message;
    const whole = frame('UNKNOWN', number, fixed, bytes.length);
    whole.set(bytes, HEADER_SIZE);
    return whole;
  }
  const { command } = message;
  const fixed = fixedSize(command);
  const { payload, count } = payloadOf(message);
  const whole = frame(command, COMMANDS[command].number, fixed, fixed + payload.length);
  writeFixedPart(command, new DataView(whole.buffer, HEADER_SIZE, fixed), { ...message }, count);
  whole.set(payload, HEADER_SIZE + fixed);
  return whole;
}

function payloadOf(message: Exclude<Message, { command: 'UNKNOWN' }>): { payload: Uint8Array; count: number } {
  switch (message.command) {
    case 'TINIT':
      return { payload: joinStrings(message.options), count: message.options.length };
    case 'RINIT':
    case 'TRACE_RESP':
      return { payload: writePorts(message.ports), count: message.ports.length };
    case 'TRACE_REQ':
    case 'TRACE_PROXY':
      return { payload: checkedParameters(message, fixedSize(message.command)), count: 0 };
    case 'SEND_DATA':
    case 'TIME_SYNC':
      return { payload: message.bytes, count: 0 };
    case 'NOT_SUPP':
      return { payload: writeReason(message.reason), count: 0 };
    default:
      return { payload: empty, count: 0 };
  }
}

function checkedParameters(parameters: Parameters, fixed: number): Uint8Array {
  const bytes = writeParameters(parameters);
  const room = MESSAGE_LIMIT - HEADER_SIZE - fixed;
  if (bytes.length <= room) return bytes;
  throw new TandemError(
    'USAGE',
    'options for a guest',
    `take ${bytes.length} bytes, where a request has room for ${room}`,
    'use fewer of them, or whole event systems in place of single events',
  );
}

/** A message of which only the header is filled in; `length` is of what follows that. Checked before it is made. */
function frame(command: string, number: number, fixed: number, length: number): Uint8Array {
  const size = HEADER_SIZE + length;
  if (size > MESSAGE_LIMIT) {
    throw new TandemError('UNSUPPORTED', `a ${command}`, `takes ${size} bytes, where ${MESSAGE_LIMIT} are possible`);
  }
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, size);
  view.setUint32(4, number);
  view.setUint32(8, fixed);
  return bytes;
}
