import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const FIRST_PRINTABLE = 0x20;
const NON_ASCII = 0x80;
const UNICODE_ESCAPE = utf8('\\u00');
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
/** Control characters that have a letter of their own. */
const LETTERS = new Map([...'\b\f\n\r\t'].map((control, i) => [control.charCodeAt(0), 'bfnrt'.charCodeAt(i)]));

/**
 * Writes bytes of a trace as a JSON string. Names in a trace are bytes of any kind: those that are not UTF-8 come out
 * as U+FFFD, so that the line can be parsed by anyone.
 */
export function writeJsonString(out: ByteWriter, source: Uint8Array, start: number, end: number): void {
  out.byte(QUOTE);
  let bytes = source;
  let from = start;
  let to = end;
  if (!isAscii(source, start, end)) {
    bytes = utf8(decoder.decode(source.subarray(start, end)));
    from = 0;
    to = bytes.length;
  }
  let plainFrom = from;
  for (let i = from; i < to; i++) {
    const byte = bytes[i] as number;
    if (byte >= FIRST_PRINTABLE && byte !== QUOTE && byte !== BACKSLASH) continue;
    out.slice(bytes, plainFrom, i);
    writeEscaped(out, byte);
    plainFrom = i + 1;
  }
  out.slice(bytes, plainFrom, to);
  out.byte(QUOTE);
}

/** `"name":`, encoded once for keys that every line has. */
export const jsonKey = (name: string): Uint8Array => utf8(`${JSON.stringify(name)}:`);

function isAscii(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) if ((bytes[i] as number) >= NON_ASCII) return false;
  return true;
}

function writeEscaped(out: ByteWriter, byte: number): void {
  const letter = byte === QUOTE || byte === BACKSLASH ? byte : LETTERS.get(byte);
  if (letter === undefined) {
    out.bytes(UNICODE_ESCAPE);
    out.hex(byte, 2);
  } else {
    out.byte(BACKSLASH);
    out.byte(letter);
  }
}
