import { COMMANDS, HEADER_SIZE, MESSAGE_LIMIT, NAME_SIZE } from '../messages.ts';
import { paddedName, wrong } from '../text.ts';

/*
 * A TIME_SYNC message without objects, for the thread that samples clocks: it reads and writes these places of
 * buffers that it has. On the wire, big endian:
 *
 *     u32 size, u32 command, u32 fixedSize      as in any message
 *     char protocol[16]                         NUL padded
 *     u32 id                                    which of the protocol's messages
 *     payload                                   the protocol's; see the files beside this one
 */

const PROTOCOL_OFFSET = HEADER_SIZE;
const ID_OFFSET = PROTOCOL_OFFSET + NAME_SIZE;
const FIXED_SIZE = NAME_SIZE + 4;
/** Where the payload of a message begins that we send; those that we get may have a longer fixed part. */
export const TIME_SYNC_HEADER_SIZE = HEADER_SIZE + FIXED_SIZE;
/** Bytes of the longest payload. */
export const TIME_SYNC_PAYLOAD_LIMIT = MESSAGE_LIMIT - TIME_SYNC_HEADER_SIZE;

/** A protocol's name in the form of the wire. Make it once, use it for each message. */
export class ProtocolTag {
  readonly name: string;
  readonly bytes: Uint8Array;

  /** `name`: 1 to 15 printable ASCII characters. */
  constructor(name: string) {
    this.name = name;
    this.bytes = paddedName(name);
  }
}

/** Writes the 32 bytes before a payload of `payloadLength` bytes; returns the size of the whole message. */
export function writeTimeSyncHeader(
  view: DataView,
  offset: number,
  tag: ProtocolTag,
  id: number,
  payloadLength: number,
): number {
  const size = TIME_SYNC_HEADER_SIZE + payloadLength;
  view.setUint32(offset, size);
  view.setUint32(offset + 4, COMMANDS.TIME_SYNC.number);
  view.setUint32(offset + 8, FIXED_SIZE);
  for (let i = 0; i < NAME_SIZE; i++) view.setUint8(offset + PROTOCOL_OFFSET + i, tag.bytes[i] as number);
  view.setUint32(offset + ID_OFFSET, id);
  return size;
}

/** What the beginning of a received message says. `readTimeSyncHeader` fills it, again and again. */
export class TimeSyncHeader {
  /** Which of the protocol's messages this is. */
  id = 0;
  /** Bytes of the fixed part that follow the 32 known ones: to be read and dropped, before the payload. Usually 0. */
  surplus = 0;
  payloadLength = 0;
  readonly name = new Uint8Array(NAME_SIZE);

  /** Whether the message is of that protocol. Names end at a NUL; what follows it doesn't matter. */
  isOf(tag: ProtocolTag): boolean {
    for (let i = 0; i < NAME_SIZE; i++) {
      if (this.name[i] !== tag.bytes[i]) return false;
      if (tag.bytes[i] === 0) return true;
    }
    return true;
  }

  /** The protocol's name, for errors: what is not printable is shown as '?'. */
  describe(): string {
    const end = this.name.indexOf(0);
    const name = this.name.subarray(0, end < 0 ? NAME_SIZE : end);
    return String.fromCharCode(...name.map((byte) => (byte > 0x20 && byte < 0x7f ? byte : 0x3f)));
  }
}

/**
 * Reads the beginning of a message, of which `available` bytes are at `offset`. Returns false while there are fewer
 * than 32, which is not an error: wait for more. Allocates nothing, unless it throws.
 *
 * @throws TandemError (`PEER`) as soon as the first 12 bytes show that it is no TIME_SYNC message; `subject` names the
 *   other end
 */
export function readTimeSyncHeader(
  view: DataView,
  offset: number,
  available: number,
  header: TimeSyncHeader,
  subject: string,
): boolean {
  if (available < HEADER_SIZE) return false;
  const size = view.getUint32(offset);
  const fixed = view.getUint32(offset + 8);
  if (
    view.getUint32(offset + 4) !== COMMANDS.TIME_SYNC.number ||
    fixed < FIXED_SIZE ||
    size > MESSAGE_LIMIT ||
    size < HEADER_SIZE + fixed
  ) {
    const head = `size ${size}, command ${view.getUint32(offset + 4)}, fixed part ${fixed}`;
    throw wrong(subject, `sent something else than a time sync message (${head})`);
  }
  if (available < TIME_SYNC_HEADER_SIZE) return false;
  for (let i = 0; i < NAME_SIZE; i++) header.name[i] = view.getUint8(offset + PROTOCOL_OFFSET + i);
  header.id = view.getUint32(offset + ID_OFFSET);
  header.surplus = fixed - FIXED_SIZE;
  header.payloadLength = size - HEADER_SIZE - fixed;
  return true;
}
