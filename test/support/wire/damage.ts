import { MessageReader, serialize } from '../../../src/wire/frame.ts';
import type { Message } from '../../../src/wire/messages.ts';
import type { Random } from '../mutation/random.ts';
import { concat } from './sessions.ts';

/*
 * Damage to a stream of messages, for mutation tests.
 */

/** Longest file data kept, so that damage hits all kinds of messages. */
const DATA_KEPT = 40;
const KEPT_OF_A_KIND = 2;
/** Streams of so many bytes are not handed over byte by byte. */
const LONG = 2000;
/** The header's three numbers and the fixed part's are all at multiples of 4. */
const FIELDS = 13;
/** Values that sizes, counts, commands and ports are bad at. */
const EXTREMES = [
  ...[0, 1, 2, 11, 12, 13, 20, 40, 41, 4095, 4096, 4097, 8180, 8191, 8192, 8193],
  ...[2 ** 16, 2 ** 31, 2 ** 32 - 1],
];
/** Messages that have no business in most steps. */
const STRAY: readonly Message[] = [
  { command: 'CLOSE' },
  { command: 'CLOSE_RESP' },
  { command: 'FIN_DATA' },
  { command: 'CONT' },
  { command: 'NOT_SUPP', reason: 'because' },
  { command: 'SEND_DATA', bytes: new Uint8Array(3) },
  { command: 'UNKNOWN', number: 99, fixedSize: 2, bytes: new Uint8Array(5) },
];

/** Each message of a captured stream; long runs of the same kind are cut to a few. */
export function messagesOf(stream: Uint8Array): Uint8Array[] {
  const messages: Uint8Array[] = [];
  const seen = new Map<string, number>();
  new MessageReader('peer').read(stream, (message) => {
    const kind = message.command === 'TIME_SYNC' ? `${message.protocol} ${message.id}` : message.command;
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    if (count > KEPT_OF_A_KIND) return;
    const isData = message.command === 'SEND_DATA';
    messages.push(serialize(isData ? { ...message, bytes: message.bytes.subarray(0, DATA_KEPT) } : message));
  });
  return messages;
}

/** Damages messages in themselves and among each other; the result is one stream. */
export function damaged(messages: readonly Uint8Array[], random: Random): Uint8Array {
  const parts = messages.map((message) => message.slice());
  for (let times = 1 + random.below(3); times > 0; times--) damageOnce(parts, random);
  return concat(parts);
}

function damageOnce(parts: Uint8Array[], random: Random): void {
  const at = random.below(parts.length);
  const part = parts[at];
  if (part === undefined || part.length < 4) return;
  const place = random.below(part.length);
  switch (random.below(8)) {
    case 0:
      part[place] = (part[place] as number) ^ (1 << random.below(8));
      break;
    case 1: {
      const field = 4 * random.below(Math.min(FIELDS, part.length >> 2));
      new DataView(part.buffer, part.byteOffset).setUint32(field, random.pick(EXTREMES));
      break;
    }
    case 2:
      part.fill(random.below(256), place, place + random.below(64));
      break;
    case 3:
      parts[at] = part.subarray(0, place);
      break;
    case 4:
      parts.splice(at, 1);
      break;
    case 5:
      parts.splice(random.below(parts.length), 0, part.slice());
      break;
    case 6:
      parts.splice(
        at,
        0,
        Uint8Array.from({ length: 1 + random.below(40) }, () => random.below(256)),
      );
      break;
    default:
      parts.splice(random.below(parts.length), 0, serialize(random.pick(STRAY)));
  }
}

/** Hands a stream over in random pieces. */
export function inPieces(stream: Uint8Array, random: Random, take: (piece: Uint8Array) => void): void {
  const most = random.pick(stream.length < LONG ? [1, 13, 500, LONG] : [500, LONG]);
  for (let start = 0; start < stream.length; ) {
    const size = 1 + random.below(most);
    take(stream.subarray(start, start + size));
    start += size;
  }
}
