import { ByteWriter } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { RecordBytes } from '../../record.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import type { Conversion } from '../parse/literal.ts';
import type { PieceWriter } from './piece-writer.ts';
import { placer } from './place.ts';

const BLANK = 0x20;
const ZERO = 0x30;
const MINUS = 0x2d;
const PLUS = 0x2b;

/** Makes a number's conversion ready: `bytes` of the value count. */
export function numberWriter(
  conversion: Conversion,
  bytes: 1 | 2 | 4 | 8,
  value: Evaluator,
  star: Evaluator | undefined,
): PieceWriter {
  if (conversion.type === 'c') return characterWriter(conversion, value, star);
  return simpleWriter(conversion, bytes, value) ?? anyWriter(conversion, bytes, value, star);
}

/** Conversions with a width at most. */
function simpleWriter(conversion: Conversion, bytes: 1 | 2 | 4 | 8, value: Evaluator): PieceWriter | undefined {
  const { type, width, leftAligned, signed, alternate, precision, star } = conversion;
  if (leftAligned || signed || alternate || precision >= 0 || star !== undefined) return undefined;
  const { low, wide, isSmall } = value;
  const pad = conversion.zeroFilled ? ZERO : BLANK;
  const isSigned = type === 'd' || type === 'i';
  if (type !== 'x' && type !== 'u' && !isSigned) return undefined;
  if (bytes < 8 || isSmall) {
    const read = narrowReader(low, bytes, isSigned);
    if (type === 'x') return (out, record) => out.hex(read(record), width, pad);
    if (width === 0) return (out, record) => out.decimal(read(record));
    if (pad === ZERO) return (out, record) => out.zeroDecimal(read(record), width);
    return (out, record) => out.decimal(read(record), width);
  }
  const register = new U64();
  if (type === 'x') {
    return (out, record) => {
      wide(record, register);
      out.hex64(register.hi, register.lo, width, pad);
    };
  }
  if (isSigned) {
    return (out, record) => {
      wide(record, register);
      out.decimalI64(register, width, pad);
    };
  }
  return (out, record) => {
    wide(record, register);
    out.decimalU64(register, width, pad);
  };
}

/** Reads a value of up to 4 bytes as a number with the sign that the conversion gives it. */
function narrowReader(low: (record: RecordBytes) => number, bytes: number, isSigned: boolean) {
  if (bytes >= 4) return isSigned && bytes === 4 ? (record: RecordBytes) => low(record) | 0 : low;
  const shift = 32 - 8 * bytes;
  return isSigned
    ? (record: RecordBytes) => (low(record) << shift) >> shift
    : (record: RecordBytes) => (low(record) << shift) >>> shift;
}

/** Digits of the number that is being written. */
const digits = new ByteWriter(64);

/** Wider than that is never written. */
const WIDEST = 4096;

/** Every flag, width and precision: digits first, then what goes around them. */
function anyWriter(
  conversion: Conversion,
  bytes: 1 | 2 | 4 | 8,
  value: Evaluator,
  star: Evaluator | undefined,
): PieceWriter {
  const { type } = conversion;
  const isSigned = type === 'd' || type === 'i';
  const starPart = star && conversion.star?.part;
  const register = new U64();
  return (out, record) => {
    value.wide(record, register);
    const isNegative = narrow(register, bytes, isSigned);
    let { width, precision } = conversion;
    if (star !== undefined) {
      // trace-cmd hands over only a `*` that is not negative.
      const number = Math.max(0, Math.min(star.low(record) | 0, WIDEST));
      if (starPart === 'width') width = number;
      else precision = number;
    }
    const isZero = register.hi === 0 && register.lo === 0;
    digits.clear();
    if (!isZero || precision !== 0) writeDigits(register, type);
    const sign = isNegative ? MINUS : isSigned && conversion.signed ? PLUS : 0;
    writeAround(out, conversion, width, precision, sign, isZero);
  };
}

/** The sign, the `0x`, zeros, the digits, and blanks on one side of all. */
function writeAround(
  out: ByteWriter,
  { type, alternate, leftAligned, zeroFilled }: Conversion,
  width: number,
  precision: number,
  sign: number,
  isZero: boolean,
): void {
  const isHex = type === 'x' || type === 'X';
  const hasPrefix = isHex && alternate && !isZero;
  const taken = (hasPrefix ? 2 : 0) + (sign === 0 ? 0 : 1) + digits.length;
  let zeros = Math.max(0, precision - digits.length);
  if (type === 'o' && alternate && zeros === 0 && digits.at(0) !== ZERO) zeros = 1;
  if (precision < 0 && zeroFilled && !leftAligned) zeros = Math.max(zeros, width - taken);
  if (!leftAligned) out.blanks(width - taken - zeros);
  if (sign !== 0) out.byte(sign);
  if (hasPrefix) {
    out.byte(ZERO);
    out.byte(type === 'X' ? 0x58 : 0x78);
  }
  for (let i = 0; i < zeros; i++) out.byte(ZERO);
  const upperCase = type === 'X' ? 0x20 : 0;
  for (let i = 0; i < digits.length; i++) {
    const digit = digits.at(i);
    out.byte(digit > 0x60 ? digit - upperCase : digit);
  }
  if (leftAligned) out.blanks(width - taken - zeros);
}

/** Cuts a value to its size. A negative one is made positive. */
function narrow(register: U64, bytes: 1 | 2 | 4 | 8, isSigned: boolean): boolean {
  if (bytes < 8) {
    const shift = 32 - 8 * bytes;
    const value = isSigned ? (register.lo << shift) >> shift : (register.lo << shift) >>> shift;
    register.setNumber(value < 0 ? -value : value);
    return value < 0;
  }
  if (!isSigned || register.hi < 0x8000_0000) return false;
  const lo = (~register.lo + 1) >>> 0;
  register.set(~register.hi + (lo === 0 ? 1 : 0), lo);
  return true;
}

function writeDigits(value: U64, type: string): void {
  if (type === 'o') writeOctal(value);
  else if (type === 'x' || type === 'X') digits.hex64(value.hi, value.lo);
  else digits.decimalU64(value);
}

/** 22 digits of 3 bits; the first one of a value above 2^63 has one bit. */
function writeOctal({ hi, lo }: U64): void {
  let started = false;
  for (let bit = 63; bit >= 0; bit -= 3) {
    let digit: number;
    if (bit >= 32) digit = hi >>> (bit - 32);
    else digit = bit > 29 ? (lo >>> bit) | (hi << (32 - bit)) : lo >>> bit;
    digit &= 7;
    if (digit === 0 && !started && bit > 0) continue;
    started = true;
    digits.byte(ZERO + digit);
  }
}

/** `%c`: the byte, whatever it is. */
function characterWriter(conversion: Conversion, { low }: Evaluator, star: Evaluator | undefined): PieceWriter {
  const place = placer({ ...conversion, precision: -1 }, star);
  const character = new Uint8Array(1);
  return (out, record) => {
    character[0] = low(record);
    place(out, record, character, 0, 1);
  };
}
