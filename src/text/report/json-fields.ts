import type { ByteWriter } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { Field } from '../../format/field.ts';
import { numberReader } from '../../format/field-reader.ts';
import type { RecordBytes } from '../../format/record.ts';
import { writeJsonString } from './json-writer.ts';

/** Writes the value of one field as JSON. */
export type FieldWriter = (out: ByteWriter, record: RecordBytes) => void;

const QUOTE = 0x22;
const MINUS = 0x2d;
const COMMA = 0x2c;
const OPEN = 0x5b;
const CLOSE = 0x5d;

const register = new U64();

/**
 * A field's JSON: text as a string, an array as an array of numbers, a number as a number. From 2^53 on JSON numbers
 * are not exact in most readers: such numbers are strings of digits.
 */
export function fieldJson(field: Field, littleEndian: boolean): FieldWriter {
  const write: FieldWriter =
    field.isDynamic || field.isArray || ![1, 2, 4, 8].includes(field.size)
      ? arrayJson(field, littleEndian)
      : numberJson(field, littleEndian);
  const end = field.offset + field.size;
  return (out, record) => {
    if (record.start + end > record.end) out.text('null');
    else write(out, record);
  };
}

function numberJson(field: Field, littleEndian: boolean): FieldWriter {
  const read = numberReader(field, littleEndian);
  return (out, record) => {
    read(record, register);
    writeNumber(out, field.signed);
  };
}

/** The number in `register`. */
function writeNumber(out: ByteWriter, signed: boolean): void {
  const negative = signed && register.hi >= 0x8000_0000;
  if (negative) {
    const lo = (~register.lo + 1) >>> 0;
    register.set(~register.hi + (lo === 0 ? 1 : 0), lo);
  }
  const exact = register.isSafe();
  if (!exact) out.byte(QUOTE);
  if (negative) out.byte(MINUS);
  out.decimalU64(register);
  if (!exact) out.byte(QUOTE);
}

function arrayJson(field: Field, littleEndian: boolean): FieldWriter {
  const elementSize = [1, 2, 4, 8].includes(field.elementSize) ? field.elementSize : 1;
  const readElement = numberReader({ ...field, offset: 0, size: elementSize }, littleEndian);
  // An element is read through this window onto the record's bytes.
  const element: { -readonly [Key in keyof RecordBytes]: RecordBytes[Key] } = {
    bytes: new Uint8Array(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
  };
  return (out, record) => {
    const [start, end] = extent(field, record, littleEndian);
    if (field.isString) {
      let textEnd = start;
      while (textEnd < end && record.bytes[textEnd] !== 0) textEnd++;
      writeJsonString(out, record.bytes, start, textEnd);
      return;
    }
    element.bytes = record.bytes;
    element.view = record.view;
    out.byte(OPEN);
    for (let at = start; at + elementSize <= end; at += elementSize) {
      if (at > start) out.byte(COMMA);
      element.start = at;
      readElement(element, register);
      writeNumber(out, field.signed);
    }
    out.byte(CLOSE);
  };
}

/** Where an array's bytes are, within the record whatever its locator says. */
function extent(field: Field, record: RecordBytes, littleEndian: boolean): [start: number, end: number] {
  const at = record.start + field.offset;
  if (!field.isDynamic) return [at, field.size === 0 ? record.end : at + field.size];
  if (field.size < 4) return [clamp(record.start + record.view.getUint16(at, littleEndian), record), record.end];
  const locator = record.view.getUint32(at, littleEndian);
  const start = (field.isRelative ? at + field.size : record.start) + (locator & 0xffff);
  return [clamp(start, record), clamp(start + (locator >>> 16), record)];
}

const clamp = (at: number, record: RecordBytes) => Math.min(at, record.end);
