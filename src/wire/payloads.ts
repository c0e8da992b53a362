import { type CommandName, HEADER_SIZE, MESSAGE_LIMIT, NAME_SIZE, type Parameters } from './messages.ts';
import { joinStrings, readStrings, wrong } from './text.ts';

const PARAMETER_HEADER = 8;
const ARGS = 0;
const SYNC_PROTOCOLS = 1;
/** Characters of a peer's reason that are worth a user's line. */
const REASON_LIMIT = 300;

const none = new Uint8Array();

/** Reads the strings of which the fixed part announced `count`. */
export function readCountedStrings(bytes: Uint8Array, count: number, command: CommandName, subject: string): string[] {
  const strings = readStrings(bytes, `a ${command} with texts`, subject);
  if (strings.length === count) return strings;
  throw wrong(subject, `sent a ${command} that counts ${count} entries, but has ${strings.length}`);
}

/** Reads decimal port numbers, 0 to 2^32 - 1: which of them are possible depends on the transport. */
export function readPorts(bytes: Uint8Array, count: number, command: CommandName, subject: string): number[] {
  return readCountedStrings(bytes, count, command, subject).map((text) => {
    if (/^(0|[1-9][0-9]{0,9})$/.test(text) && Number(text) <= 0xffff_ffff) return Number(text);
    const shown = text.slice(0, 20).replaceAll(/[^ -~]/g, '?');
    throw wrong(subject, `sent a ${command} with '${shown}' for a port`);
  });
}

export function writePorts(ports: readonly number[]): Uint8Array {
  const bad = ports.find((port) => !Number.isInteger(port) || port < 0 || port > 0xffff_ffff);
  if (bad !== undefined) throw new RangeError(`not a port: ${bad}`);
  return joinStrings(ports.map(String));
}

/**
 * Reads the parameters of a request: u32 id, u32 length and the value of each. Arguments are a u32 count and NUL
 * terminated texts; protocols are NUL terminated names with one more NUL behind them. Unknown ids are skipped, and
 * so is a rest that is too short for a parameter.
 */
export function readParameters(bytes: Uint8Array, subject: string): Parameters {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let args: readonly string[] = [];
  let syncProtocols: readonly string[] | undefined;
  let offset = 0;
  while (bytes.length - offset > PARAMETER_HEADER) {
    const id = view.getUint32(offset);
    const length = view.getUint32(offset + 4);
    offset += PARAMETER_HEADER;
    if (length > bytes.length - offset) {
      const left = bytes.length - offset;
      throw wrong(subject, `sent a request whose parameter ${id} claims ${length} bytes, where ${left} are left`);
    }
    const value = bytes.subarray(offset, offset + length);
    if (id === ARGS) args = readArguments(value, subject);
    else if (id === SYNC_PROTOCOLS) syncProtocols = readProtocols(value, subject);
    offset += length;
  }
  return { args, syncProtocols };
}

function readArguments(value: Uint8Array, subject: string): string[] {
  if (value.length < 4) throw wrong(subject, 'sent a request whose arguments are cut short');
  const count = new DataView(value.buffer, value.byteOffset).getUint32(0);
  const args = readStrings(value.subarray(4), 'arguments', subject);
  if (args.length === count) return args;
  throw wrong(subject, `sent a request that counts ${count} arguments, but has ${args.length}`);
}

function readProtocols(value: Uint8Array, subject: string): string[] {
  const names = readStrings(value, 'names of time sync protocols', subject).filter((name) => name !== '');
  const long = names.find((name) => name.length > NAME_SIZE);
  if (long === undefined) return names;
  throw wrong(subject, `offers a time sync protocol with a name of ${long.length} characters`, `${NAME_SIZE} fit`);
}

/** The inverse of `readParameters`; no arguments and no time sync take no bytes. */
export function writeParameters({ args, syncProtocols }: Parameters): Uint8Array {
  const values: [id: number, value: Uint8Array][] = [];
  if (args.length > 0) {
    const texts = joinStrings(args);
    const value = new Uint8Array(4 + texts.length);
    new DataView(value.buffer).setUint32(0, args.length);
    value.set(texts, 4);
    values.push([ARGS, value]);
  }
  if (syncProtocols) values.push([SYNC_PROTOCOLS, joinStrings([...syncProtocols, ''])]);
  const bytes = new Uint8Array(values.reduce((sum, [, value]) => sum + PARAMETER_HEADER + value.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const [id, value] of values) {
    view.setUint32(offset, id);
    view.setUint32(offset + 4, value.length);
    bytes.set(value, offset + PARAMETER_HEADER);
    offset += PARAMETER_HEADER + value.length;
  }
  return bytes;
}

/** A reason to print: one line without control characters. */
export function readReason(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes.subarray(0, REASON_LIMIT));
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ').trim();
}

export function writeReason(reason: string): Uint8Array {
  return reason === '' ? none : new TextEncoder().encode(reason).subarray(0, MESSAGE_LIMIT - HEADER_SIZE);
}
