import { TandemError } from '../base/errors.ts';
import { NAME_SIZE } from './messages.ts';

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** What a peer did wrong, as an error: `subject` is the peer, `problem` continues "it ...". */
export function wrong(subject: string, problem: string, hint?: string): TandemError {
  return new TandemError('PEER', subject, problem, hint);
}

/** Splits NUL terminated texts of UTF-8; the last one must be terminated too. `what` is their name in an error. */
export function readStrings(bytes: Uint8Array, what: string, subject: string): string[] {
  const strings: string[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    if (end < 0) throw wrong(subject, `sent ${what} whose last one has no end`);
    try {
      strings.push(decoder.decode(bytes.subarray(start, end)));
    } catch {
      throw wrong(subject, `sent ${what} of which number ${strings.length + 1} is not UTF-8`);
    }
    start = end + 1;
  }
  return strings;
}

/** Texts, each with a NUL behind it. */
export function joinStrings(strings: readonly string[]): Uint8Array {
  for (const string of strings) {
    if (string.includes('\0')) throw new TandemError('USAGE', JSON.stringify(string), 'has a NUL character in it');
  }
  return encoder.encode(strings.map((string) => `${string}\0`).join(''));
}

/** Reads a padded name of 16 bytes; it may fill them all. */
export function readName(bytes: Uint8Array, what: string, subject: string): string {
  const end = bytes.indexOf(0);
  const name = String.fromCharCode(...bytes.subarray(0, end < 0 ? NAME_SIZE : end));
  if (!/^[\x21-\x7e]*$/.test(name)) throw wrong(subject, `sent ${what} that is not printable ASCII`);
  return name;
}

/** A name's 16 bytes: at most so many printable ASCII characters. */
export function paddedName(name: string): Uint8Array {
  if (!/^[\x21-\x7e]{0,16}$/.test(name)) throw new RangeError(`not a protocol's name: ${JSON.stringify(name)}`);
  const padded = new Uint8Array(NAME_SIZE);
  encoder.encodeInto(name, padded);
  return padded;
}
