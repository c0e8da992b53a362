import { utf8 } from '../base/byte-writer.ts';
import { U64 } from '../base/u64.ts';
import type { PrintEnvironment } from '../format/environment.ts';
import { type EventFormat, findField } from '../format/event-format.ts';
import type { Field } from '../format/field.ts';
import { smallReader } from '../format/field-reader.ts';
import type { EventRecord } from '../format/record.ts';
import { never, type Predicate, valueReader } from './number-test.ts';
import type { TextTest } from './resolve.ts';

/** What of the environment a filter looks at. */
export type FilterEnvironment = Pick<PrintEnvironment, 'littleEndian' | 'symbols' | 'comms' | 'version'>;

/** A text inside of some memory. Its NUL, if it has one, is not part of it. */
class Slice {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;

  set(bytes: Uint8Array, start: number, end: number): void {
    this.bytes = bytes;
    this.start = start;
    this.end = end;
  }

  /** The text that starts at `start` and ends before a NUL, or at `limit`. */
  setTerminated(bytes: Uint8Array, start: number, limit: number): void {
    let end = start;
    while (end < limit && bytes[end] !== 0) end++;
    this.set(bytes, start, end);
  }

  equals(text: Uint8Array): boolean {
    const length = text.length;
    if (this.end - this.start !== length) return false;
    for (let i = 0; i < length; i++) if (this.bytes[this.start + i] !== text[i]) return false;
    return true;
  }
}

/** Finds the text that a record has for a source. */
type TextReader = (record: EventRecord, into: Slice) => void;

export function textTest(test: TextTest, event: EventFormat, environment: FilterEnvironment): Predicate {
  const read = textReader(test, event, environment);
  if (!read) return never;
  const slice = new Slice();
  const { operator, regex } = test;
  const wanted = operator === '==' || operator === '=~';
  if (regex) {
    return (record) => {
      read(record, slice);
      return regex.test(slice.bytes, slice.start, slice.end) === wanted;
    };
  }
  const text = utf8(test.text);
  return (record) => {
    read(record, slice);
    return slice.equals(text) === wanted;
  };
}

function textReader(test: TextTest, event: EventFormat, environment: FilterEnvironment): TextReader | undefined {
  const { source } = test;
  if (source.kind === 'COMM') return commReader(event, environment);
  if (source.kind === 'CPU') return undefined;
  const { field } = source;
  if (!field.isString) return numberTextReader(field, environment);
  return field.isDynamic ? dynamicReader(field, environment) : fixedReader(field);
}

/** The name of the task that a record's common_pid is of. */
function commReader(event: EventFormat, { comms, littleEndian }: FilterEnvironment): TextReader | undefined {
  const pid = findField(event, 'common_pid');
  if (!pid) return undefined;
  const read = smallReader(pid, littleEndian);
  return (record, into) => {
    const name = comms.get(read(record));
    into.set(name, 0, name.length);
  };
}

/** An array of characters in its place. */
function fixedReader({ offset, size }: Field): TextReader {
  if (size === 0) return (record, into) => unsizedText(record, offset, 0, into);
  return (record, into) => {
    const start = record.start + offset;
    into.setTerminated(record.bytes, start, start + size);
  };
}

/**
 * Text of no size. Its last byte is then the one before it, and trace-cmd takes a last byte that is no NUL for text
 * without an end, of which it copies as much as the field is long. So `buf` of ftrace/print, after an address, is empty.
 */
function unsizedText(record: EventRecord, offset: number, fieldSize: number, into: Slice): void {
  const start = record.start + offset;
  const isTerminated = record.bytes[start - 1] === 0;
  into.setTerminated(record.bytes, start, isTerminated ? record.end : Math.min(start + fieldSize, record.end));
}

/** Text elsewhere in the record, to which a locator in the field points: size and offset in 16 bits each. */
function dynamicReader(field: Field, { littleEndian }: FilterEnvironment): TextReader {
  const { offset, size } = field;
  const readLocator = smallReader(field, littleEndian);
  const base = field.isRelative ? offset + size : 0;
  return (record, into) => {
    const locator = readLocator(record);
    const length = locator >>> 16;
    const textOffset = base + (locator & 0xffff);
    const start = record.start + textOffset;
    if (start + length > record.end) into.set(record.bytes, start, start);
    else if (length === 0) unsizedText(record, textOffset, size, into);
    else if (record.bytes[start + length - 1] === 0) into.setTerminated(record.bytes, start, start + length);
    // Unterminated text is compared by as many bytes as the locator has, as trace-cmd does.
    else into.setTerminated(record.bytes, start, Math.min(start + size, record.end));
  };
}

/** A number as text: the function it is an address in, or else hexadecimal digits after 0x. */
function numberTextReader(field: Field, { littleEndian, symbols }: FilterEnvironment): TextReader {
  const read = valueReader(field, littleEndian);
  const isAddress = field.isPointer || field.isLong;
  const value = new U64();
  const digits = new Uint8Array(18);
  return (record, into) => {
    read(record, value);
    const symbol = isAddress ? symbols.find(value.hi, value.lo) : undefined;
    if (symbol) into.set(symbol.name.bytes, 0, symbol.name.length);
    else into.set(digits, writeHex(value, digits), digits.length);
  };
}

/** Writes `0x` and the digits to the end of `into`. Returns where they start. */
function writeHex(value: U64, into: Uint8Array): number {
  let at = into.length;
  let { hi, lo } = value;
  do {
    const digit = lo & 15;
    into[--at] = digit + (digit < 10 ? 0x30 : 0x57);
    lo = ((lo >>> 4) | (hi << 28)) >>> 0;
    hi >>>= 4;
  } while (hi !== 0 || lo !== 0);
  into[--at] = 0x78;
  into[--at] = 0x30;
  return at;
}
