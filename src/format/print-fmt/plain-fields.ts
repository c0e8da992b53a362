import { utf8 } from '../../base/byte-writer.ts';
import { U64 } from '../../base/u64.ts';
import type { PrintEnvironment } from '../environment.ts';
import type { EventFormat } from '../event-format.ts';
import type { Field } from '../field.ts';
import { fieldValue } from './evaluate/evaluator.ts';
import { DynamicLocator } from './evaluate/locate.ts';
import type { PieceWriter } from './write/piece-writer.ts';

const FAILED = utf8('[FAILED TO PARSE]');
const ARRAY = utf8('ARRAY[');
const COMMA = 0x2c;
const BLANK = 0x20;
const CLOSING = 0x5d;

/** The fields of an event by their declarations alone: ` a=1 b=0x2`. */
export function plainFields(event: EventFormat, env: PrintEnvironment): PieceWriter {
  const writers = event.fields.map((field) => labeled(field, plainField(field, env)));
  return (out, record) => {
    for (let i = 0; i < writers.length; i++) (writers[i] as PieceWriter)(out, record);
  };
}

/** The text of an event whose print format can't be used. */
export function failedFields(event: EventFormat, env: PrintEnvironment): PieceWriter {
  const fields = plainFields(event, env);
  return (out, record) => {
    out.bytes(FAILED);
    fields(out, record);
  };
}

/** ` NAME=`, and the value. */
export function labeled({ name }: Field, value: PieceWriter): PieceWriter {
  const label = utf8(` ${name}=`);
  return (out, record) => {
    out.bytes(label);
    value(out, record);
  };
}

/** The value of a field by its declaration alone. */
export function plainField(field: Field, env: PrintEnvironment): PieceWriter {
  return field.isArray ? arrayField(field, env) : numberField(field, env);
}

/**
 * An array: as text where it may be one, else as `ARRAY[01, ff]`. Once its bytes were none that a text has, it is no
 * text any more for the records that follow, as in trace-cmd.
 */
function arrayField(field: Field, env: PrintEnvironment): PieceWriter {
  const locator = field.isDynamic ? new DynamicLocator(field, env.littleEndian) : undefined;
  let isText = field.isString;
  return (out, record) => {
    const start = Math.min(record.start + (locator?.offset(record) ?? field.offset), record.bytes.length);
    const length = locator?.length(record) ?? field.size;
    isText &&= isPrintable(record.bytes, start, start + length);
    if (isText) {
      out.cString(record.bytes, start, Math.max(record.end, start + length) - start);
      return;
    }
    out.bytes(ARRAY);
    const end = Math.min(start + length, record.bytes.length);
    for (let at = start; at < end; at++) {
      if (at > start) {
        out.byte(COMMA);
        out.byte(BLANK);
      }
      out.hex(record.bytes[at] as number, 2);
    }
    out.byte(CLOSING);
  };
}

/** True when bytes[start..end) holds, up to a NUL, nothing but visible ASCII and blanks. */
function isPrintable(bytes: Uint8Array, start: number, end: number): boolean {
  const limit = Math.min(end, bytes.length);
  for (let at = start; at < limit; at++) {
    const code = bytes[at] as number;
    if (code === 0) return true;
    if (code > 0x7e || (code < 0x20 && (code < 0x09 || code > 0x0d))) return false;
  }
  return true;
}

function numberField(field: Field, env: PrintEnvironment): PieceWriter {
  const { size, signed, isPointer, isLong } = field;
  const { low, wide } = fieldValue(field, env.littleEndian);
  const register = new U64();
  const inHex: PieceWriter = (out, record) => {
    wide(record, register);
    out.byte(0x30);
    out.byte(0x78);
    out.hex64(register.hi, register.lo);
  };
  if (isPointer) return inHex;
  if (!signed) {
    if (isLong) return inHex;
    return (out, record) => {
      wide(record, register);
      out.decimalU64(register);
    };
  }
  switch (size) {
    case 4:
      return isLong ? inHex : (out, record) => out.decimal(low(record) | 0);
    case 2:
      return (out, record) => out.decimal((low(record) << 16) >> 16, 2);
    case 1:
      return (out, record) => out.decimal((low(record) << 24) >> 24);
    default:
      return (out, record) => {
        wide(record, register);
        out.decimalI64(register);
      };
  }
}
