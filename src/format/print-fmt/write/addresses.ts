import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { DynamicLocator, type Locate } from '../evaluate/locate.ts';
import { argumentType } from '../parse/argument-type.ts';
import type { Expression } from '../parse/ast.ts';
import { type PieceWriter, textWriter } from './piece-writer.ts';

/** How the bytes of an address of a fixed size are written. */
export interface Layout {
  readonly size: number;
  /** The text for fields of another size. */
  readonly otherwise: string;
  readonly style: 'bytes' | 'ipv4' | 'ipv4-filled' | 'ipv6-short';
  readonly upperCase: boolean;
  /** Which byte comes first, second, ... */
  readonly order: readonly number[];
  /** What comes after each byte but the last. */
  readonly separators: readonly string[];
}

const DOT = 0x2e;
const COLON = 0x3a;
const DASH = 0x2d;

export function bytesWriter(layout: Layout, place: Locate): PieceWriter {
  const { style, order } = layout;
  if (style === 'ipv6-short') return (out, record) => writeShortIpv6(out, record.bytes, record.start + place(record));
  if (style !== 'bytes') {
    const filled = style === 'ipv4-filled';
    return (out, record) => writeIpv4(out, record.bytes, record.start + place(record), order, filled);
  }
  const separators = layout.separators.map((separator) => utf8(separator));
  const { upperCase } = layout;
  return (out, record) => {
    const start = record.start + place(record);
    for (let i = 0; i < order.length; i++) {
      writeByte(out, record.bytes[start + (order[i] as number)] as number, upperCase);
      if (i < separators.length) out.bytes(separators[i] as Uint8Array);
    }
  };
}

function writeByte(out: ByteWriter, byte: number, upperCase: boolean): void {
  if (!upperCase) out.hex(byte, 2);
  else {
    writeUpperDigit(out, byte >> 4);
    writeUpperDigit(out, byte & 15);
  }
}

const writeUpperDigit = (out: ByteWriter, digit: number): void => out.byte(digit < 10 ? 0x30 + digit : 0x37 + digit);

function writeIpv4(out: ByteWriter, bytes: Uint8Array, start: number, order: readonly number[], filled: boolean): void {
  for (let i = 0; i < 4; i++) {
    if (i > 0) out.byte(DOT);
    const part = bytes[start + (order[i] as number)] as number;
    if (filled) out.zeroDecimal(part, 3);
    else out.decimal(part);
  }
}

const NETWORK_ORDER = [0, 1, 2, 3];

const groupAt = (bytes: Uint8Array, start: number, index: number): number =>
  (bytes[start + 2 * index] as number) * 256 + (bytes[start + 2 * index + 1] as number);

/** True for the addresses whose last 32 bits are written as IPv4: mapped ones, and ISATAP's. */
function endsInIpv4(bytes: Uint8Array, start: number): boolean {
  const fifth = groupAt(bytes, start, 4);
  const sixth = groupAt(bytes, start, 5);
  if (sixth === 0x5efe) return (fifth & ~0x0200) === 0;
  if (sixth !== 0xffff || fifth !== 0) return false;
  for (let i = 0; i < 4; i++) if (groupAt(bytes, start, i) !== 0) return false;
  return true;
}

/** As RFC 5952 says: the longest run of zeros left out, an IPv4 address at the end as one. */
function writeShortIpv6(out: ByteWriter, bytes: Uint8Array, start: number): void {
  const groups = endsInIpv4(bytes, start) ? 6 : 8;
  let longest = 1;
  let longestAt = -1;
  for (let i = 0; i < groups; i++) {
    let end = i;
    while (end < groups && groupAt(bytes, start, end) === 0) end++;
    if (end - i <= longest) continue;
    longest = end - i;
    longestAt = i;
  }
  let separate = false;
  for (let i = 0; i < groups; i++) {
    if (separate || (i === 0 && longestAt === 0)) out.byte(COLON);
    if (i === longestAt) {
      out.byte(COLON);
      separate = false;
      i += longest - 1;
    } else {
      out.hex(groupAt(bytes, start, i));
      separate = true;
    }
  }
  if (groups === 8) return;
  if (separate) out.byte(COLON);
  writeIpv4(out, bytes, start + 12, NETWORK_ORDER, false);
}

const AF_INET = 2;
const AF_INET6 = 10;
/** Bytes of struct sockaddr_in and sockaddr_in6. */
const SOCKADDR_IN = 16;
const SOCKADDR_IN6 = 28;
const INVALID_4 = utf8('INVALIDIPv4');
const INVALID_6 = utf8('INVALIDIPv6');

/** `%pIS`: the address in a struct sockaddr, the port behind it when the form has a `p`. */
export function sockaddrWriter(form: string, argument: Expression, env: PrintEnvironment): PieceWriter {
  const options = /^I(?:S)(p?)(c?)/.exec(form);
  const withPort = options?.[1] === 'p';
  const short = options?.[2] === 'c';
  const endianness = form[2 + (withPort ? 1 : 0) + (short ? 1 : 0)];
  const reversed = endianness === 'l' || (endianness === 'h' && env.littleEndian);
  const order = reversed ? [3, 2, 1, 0] : NETWORK_ORDER;
  const filled = form[0] === 'i';
  let place: Locate;
  let size: Locate;
  if (argument.kind === 'field') {
    const { field } = argument;
    place = () => field.offset;
    size = () => field.size;
  } else if (argument.kind === 'dynamic-array') {
    const locator = new DynamicLocator(argument.field, env.littleEndian);
    place = (record) => locator.offset(record);
    size = (record) => locator.length(record);
  } else return textWriter(`ARG NOT FIELD NOR DYNAMIC ARRAY BUT TYPE ${argumentType(argument)}`);
  return (out, record) => {
    const start = record.start + place(record);
    if (start + 2 > record.end) return;
    const family = record.view.getUint16(start, true);
    if (family === AF_INET) {
      if (size(record) < SOCKADDR_IN || start + SOCKADDR_IN > record.end) out.bytes(INVALID_4);
      else {
        writeIpv4(out, record.bytes, start + 4, order, filled);
        if (withPort) writePort(out, record, start);
      }
    } else if (family === AF_INET6) {
      if (size(record) < SOCKADDR_IN6 || start + SOCKADDR_IN6 > record.end) out.bytes(INVALID_6);
      else {
        if (withPort) out.byte(0x5b);
        if (short) writeShortIpv6(out, record.bytes, start + 8);
        else writeLongIpv6(out, record.bytes, start + 8, !filled);
        if (!withPort) return;
        out.byte(0x5d);
        writePort(out, record, start);
      }
    }
  };
}

function writePort(out: ByteWriter, { view }: RecordBytes, start: number): void {
  out.byte(COLON);
  out.decimal(view.getUint16(start + 2, false));
}

function writeLongIpv6(out: ByteWriter, bytes: Uint8Array, start: number, separated: boolean): void {
  for (let i = 0; i < 16; i++) {
    out.hex(bytes[start + i] as number, 2);
    if (separated && i % 2 === 1 && i < 15) out.byte(COLON);
  }
}

/** `%*ph`: so many bytes of a dynamic array; one without the `*`. */
export function hexBytesWriter(
  form: string,
  argument: Expression,
  star: Evaluator | undefined,
  env: PrintEnvironment,
): PieceWriter {
  if (argument.kind !== 'dynamic-array') return textWriter(`ARG TYPE NOT FIELD BUT ${argumentType(argument)}`);
  const locator = new DynamicLocator(argument.field, env.littleEndian);
  const separator = { C: COLON, D: DASH, N: 0 }[form[1] ?? ''] ?? 0x20;
  return (out, record) => {
    const length = locator.length(record);
    // A negative number of bytes is more than there are.
    const count = Math.min(length, star === undefined ? 1 : star.low(record));
    const start = record.start + locator.offset(record);
    for (let at = start; at < Math.min(start + count, record.end); at++) {
      if (at > start && separator !== 0) out.byte(separator);
      out.hex(record.bytes[at] as number, 2);
    }
  };
}
