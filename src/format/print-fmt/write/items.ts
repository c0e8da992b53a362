import { type ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { DynamicLocator, type Locate, locate } from '../evaluate/locate.ts';
import type { Expression } from '../parse/ast.ts';
import { nothing, type PieceWriter } from './piece-writer.ts';

const BLANK = 0x20;
const COMMA = 0x2c;
const BAD_SIZE = utf8('BAD SIZE:');

const register = new U64();

/** `__print_hex`: the bytes of an array, at most up to the record's end. */
export function hexWriter(
  array: Expression,
  length: Evaluator,
  separated: boolean,
  env: PrintEnvironment,
): PieceWriter {
  const place = locate(array, env.littleEndian);
  if (place === undefined) return nothing;
  return (out, record) => {
    const start = record.start + place(record);
    const end = Math.min(start + length.low(record), record.end);
    for (let at = start; at < end; at++) {
      if (separated && at > start) out.byte(BLANK);
      out.hex(record.bytes[at] as number, 2);
    }
  };
}

/** `__print_array`: numbers of 1, 2, 4 or 8 bytes. */
export function arrayWriter(
  array: Expression,
  count: Evaluator,
  elementSize: Evaluator,
  env: PrintEnvironment,
): PieceWriter {
  const place = locate(array, env.littleEndian);
  if (place === undefined) return nothing;
  return itemsWriter(place, count.low, elementSize, env);
}

/** `__print_dynamic_array`: all numbers of a dynamic array. */
export function dynamicItemsWriter(field: Field, elementSize: Evaluator, env: PrintEnvironment): PieceWriter {
  const locator = new DynamicLocator(field, env.littleEndian);
  const count = (record: RecordBytes): number => {
    const size = elementSize.low(record);
    return size === 0 ? locator.length(record) : Math.floor(locator.length(record) / size);
  };
  return itemsWriter((record) => locator.offset(record), count, elementSize, env);
}

/** Numbers are always read little endian, as trace-cmd does. What is beyond the record's end is left out. */
function itemsWriter(
  place: Locate,
  count: (record: RecordBytes) => number,
  elementSize: Evaluator,
  env: PrintEnvironment,
): PieceWriter {
  const inHex = env.version !== '3.1';
  const separator = inHex ? COMMA : BLANK;
  return (out, record) => {
    const items = count(record);
    let size = elementSize.low(record) | 0;
    let at = record.start + place(record);
    if (inHex) out.byte(0x7b);
    for (let i = 0; i < items; i++) {
      const isKnown = size === 1 || size === 2 || size === 4 || size === 8;
      if (at + (isKnown ? size : 1) > record.end) break;
      if (i > 0) out.byte(separator);
      if (isKnown) writeItem(out, record, at, size, inHex);
      else {
        out.bytes(BAD_SIZE);
        out.decimal(size);
        out.byte(BLANK);
        writeItem(out, record, at, 1, true);
        size = 1;
      }
      at += size;
    }
    if (inHex) out.byte(0x7d);
  };
}

function writeItem(out: ByteWriter, { bytes, view }: RecordBytes, at: number, size: number, inHex: boolean): void {
  let hi = 0;
  let lo: number;
  if (size === 1) lo = bytes[at] as number;
  else if (size === 2) lo = view.getUint16(at, true);
  else {
    lo = view.getUint32(at, true);
    if (size === 8) hi = view.getUint32(at + 4, true);
  }
  if (inHex) {
    out.byte(0x30);
    out.byte(0x78);
    out.hex64(hi, lo);
  } else {
    register.set(hi, lo);
    out.decimalU64(register);
  }
}
