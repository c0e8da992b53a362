import type { ByteWriter } from '../../../base/byte-writer.ts';
import { utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { SymbolTable } from '../../../names/symbols.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { DynamicLocator } from '../evaluate/locate.ts';
import type { PieceWriter } from './piece-writer.ts';

const NEWLINE = 0x0a;
const ARROW = utf8('=> ');

/** `0x…` */
export function writeHex(out: ByteWriter, hi: number, lo: number): void {
  out.byte(0x30);
  out.byte(0x78);
  out.hex64(hi, lo);
}

/** Writes the name of the function that contains an address, and the offset in it if wanted. False without a name. */
function writeFunction(out: ByteWriter, symbols: SymbolTable, hi: number, lo: number, withOffset: boolean): boolean {
  const symbol = symbols.find(hi, lo);
  if (symbol === undefined) return false;
  out.constant(symbol.name);
  if (withOffset) {
    const offset = lo - symbol.lo;
    out.byte(0x2b);
    writeHex(out, (hi - symbol.hi - (offset < 0 ? 1 : 0)) >>> 0, offset >>> 0);
  }
  return true;
}

/** A function's name, with the offset in it if wanted, or the address where there is no name. */
export function writeFunctionOrAddress(
  out: ByteWriter,
  symbols: SymbolTable,
  hi: number,
  lo: number,
  withOffset: boolean,
): void {
  if (!writeFunction(out, symbols, hi, lo, withOffset)) writeHex(out, hi, lo);
}

/** A function's name, with the offset in it if wanted, and the address where there is no name or in raw fields. */
export function functionWriter(
  value: Evaluator,
  withOffset: boolean,
  withAddress: boolean,
  { symbols }: PrintEnvironment,
): PieceWriter {
  const register = new U64();
  return (out, record) => {
    value.wide(record, register);
    const { hi, lo } = register;
    const isNamed = writeFunction(out, symbols, hi, lo, withOffset);
    if (withAddress) {
      out.byte(0x20);
      out.byte(0x28);
      writeHex(out, hi, lo);
      out.byte(0x29);
    } else if (!isNamed) writeHex(out, hi, lo);
  };
}

/** A line for each function of a stack in a dynamic array. The array's first number is their count. */
export function stackTraceWriter(field: Field, { symbols, littleEndian, longSize }: PrintEnvironment): PieceWriter {
  const locator = new DynamicLocator(field, littleEndian);
  return (out, record) => {
    const start = record.start + locator.offset(record);
    const end = Math.min(start + locator.length(record), record.end);
    out.byte(NEWLINE);
    for (let at = start + longSize; at + longSize <= end; at += longSize) {
      const first = record.view.getUint32(at, littleEndian);
      const second = longSize === 8 ? record.view.getUint32(at + 4, littleEndian) : 0;
      const isSwapped = longSize === 8 && littleEndian;
      const hi = isSwapped ? second : longSize === 8 ? first : 0;
      const lo = isSwapped || longSize === 4 ? first : second;
      out.bytes(ARROW);
      if (!writeFunction(out, symbols, hi, lo, true)) out.hex64(hi, lo);
      out.byte(NEWLINE);
    }
  };
}
