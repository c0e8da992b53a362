import { U64 } from '../base/u64.ts';
import type { Field } from '../format/field.ts';
import { numberReader } from '../format/field-reader.ts';
import type { EventRecord } from '../format/record.ts';
import type { CompareOperator } from './expression.ts';

/** Whether a record matches. Allocates nothing. */
export type Predicate = (record: EventRecord) => boolean;

export const always: Predicate = () => true;
export const never: Predicate = () => false;

/**
 * What stands for a value that is no number: task names, and fields of other sizes than 1, 2, 4 and 8 bytes. trace-cmd
 * takes an address in its own memory, which is above and not equal to what anyone compares with.
 */
export const SOME_ADDRESS = 0x5555_5555_5550n;

/** Reads a value as a 64-bit number into a register. */
export type ValueReader = (record: EventRecord, into: U64) => void;

export function constantReader(value: bigint): ValueReader {
  const constant = new U64();
  constant.setBigInt(value);
  return (_, into) => into.set(constant.hi, constant.lo);
}

/** Reads a field, sign-extended to 64 bits where it is signed. */
export function valueReader(field: Field, littleEndian: boolean): ValueReader {
  const isNumeric = [1, 2, 4, 8].includes(field.size);
  return isNumeric ? numberReader(field, littleEndian) : constantReader(SOME_ADDRESS);
}

/**
 * A field against a number, as unsigned 64-bit numbers; a signed field is extended to 64 bits first, so that -1 is
 * 2^64-1 and above every positive number.
 */
export function fieldTest(field: Field, operator: CompareOperator, value: bigint, littleEndian: boolean): Predicate {
  const { offset, size, signed } = field;
  switch (size) {
    case 1:
      return smallTest((r) => r.bytes[r.start + offset] as number, 8, signed, operator, value);
    case 2:
      return smallTest((r) => r.view.getUint16(r.start + offset, littleEndian), 16, signed, operator, value);
    case 4:
      if (operator === '==') return equalTest(offset, signed, value, littleEndian);
      return smallTest((r) => r.view.getUint32(r.start + offset, littleEndian), 32, signed, operator, value);
    case 8:
      return wideTest(offset, operator, value, littleEndian);
    default:
      return constantTest(SOME_ADDRESS, operator, value);
  }
}

export function constantTest(left: bigint, operator: CompareOperator, right: bigint): Predicate {
  return holds(left < right ? -1 : left > right ? 1 : 0, operator) ? always : never;
}

export function cpuTest(operator: CompareOperator, value: bigint): Predicate {
  return smallTest((record) => record.cpu, 32, false, operator, value);
}

/** Reads the bits of a small value as an unsigned number. */
type BitsReader = (record: EventRecord) => number;

function smallTest(read: BitsReader, bits: number, signed: boolean, operator: CompareOperator, value: bigint) {
  const limit = compareLimit(value, bits, signed);
  if (limit.exact) return bitsTest(read, operator, limit.bits);
  // No value of the field equals the number: those below it are the ones below `limit.bits`.
  if (operator === '==') return never;
  if (operator === '!=') return always;
  return bitsTest(read, operator === '<' || operator === '<=' ? '<' : '>=', limit.bits);
}

function bitsTest(read: BitsReader, operator: CompareOperator, limit: number): Predicate {
  switch (operator) {
    case '==':
      return (record) => read(record) === limit;
    case '!=':
      return (record) => read(record) !== limit;
    case '<':
      return (record) => read(record) < limit;
    case '>':
      return (record) => read(record) > limit;
    case '<=':
      return (record) => read(record) <= limit;
    case '>=':
      return (record) => read(record) >= limit;
  }
}

/**
 * Where a 64-bit number stands among the values of a small field. Extending the sign keeps the order of the bits read
 * as unsigned numbers: those with the top bit set stay above the others. `exact` is false for numbers that no value of
 * the field becomes; the values below such a number are those whose bits are below `bits`.
 */
function compareLimit(
  value: bigint,
  bits: number,
  signed: boolean,
): { readonly bits: number; readonly exact: boolean } {
  const range = 2n ** BigInt(bits);
  if (!signed) return value < range ? { bits: Number(value), exact: true } : { bits: Number(range), exact: false };
  const half = range / 2n;
  if (value < half) return { bits: Number(value), exact: true };
  if (value >= 2n ** 64n - half) return { bits: Number(value & (range - 1n)), exact: true };
  return { bits: Number(half), exact: false };
}

/** The test that most filters consist of, without a call in between. */
function equalTest(offset: number, signed: boolean, value: bigint, littleEndian: boolean): Predicate {
  const { bits, exact } = compareLimit(value, 32, signed);
  return exact ? (record) => record.view.getUint32(record.start + offset, littleEndian) === bits : never;
}

function wideTest(offset: number, operator: CompareOperator, value: bigint, littleEndian: boolean): Predicate {
  const hiAt = littleEndian ? offset + 4 : offset;
  const loAt = littleEndian ? offset : offset + 4;
  const hi = Number(value >> 32n);
  const lo = Number(value & 0xffff_ffffn);
  const order = (record: EventRecord): number => {
    const highDifference = record.view.getUint32(record.start + hiAt, littleEndian) - hi;
    return highDifference || record.view.getUint32(record.start + loAt, littleEndian) - lo;
  };
  return (record) => holds(order(record), operator);
}

/** Whether an operator holds for two values by their order: negative, 0 or positive. */
function holds(order: number, operator: CompareOperator): boolean {
  switch (operator) {
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '<':
      return order < 0;
    case '>':
      return order > 0;
    case '<=':
      return order <= 0;
    case '>=':
      return order >= 0;
  }
}
