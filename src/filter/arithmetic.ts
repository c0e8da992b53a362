import type { U64 } from '../base/u64.ts';
import type { ArithmeticOperator } from './expression.ts';

/**
 * What an arithmetic result is worth as a condition. Only whether it is 0 counts, so none is computed in full.
 * Values are unsigned 64-bit numbers and wrap. FAILED is a division by zero: the whole filter does not match then.
 */
export const FAILED = -1;
export type Outcome = boolean | typeof FAILED;
export type Operation = (left: U64, right: U64) => Outcome;

export const OPERATIONS: Readonly<Record<Exclude<ArithmeticOperator, '~'>, Operation>> = {
  '+': (a, b) => (a.lo + b.lo) >>> 0 !== 0 || (a.hi + b.hi + (a.lo + b.lo > 0xffff_ffff ? 1 : 0)) >>> 0 !== 0,
  '-': (a, b) => a.hi !== b.hi || a.lo !== b.lo,
  '*': (a, b) => trailingZeros(a) + trailingZeros(b) < 64,
  '/': (a, b) => (isZero(b) ? FAILED : a.hi > b.hi || (a.hi === b.hi && a.lo >= b.lo)),
  '%': (a, b) => (isZero(b) ? FAILED : hasRemainder(a, b)),
  '>>': (a, b) => 64 - leadingZeros(a) > (b.lo & 63),
  '<<': (a, b) => trailingZeros(a) + (b.lo & 63) < 64,
  '&': (a, b) => (a.hi & b.hi) !== 0 || (a.lo & b.lo) !== 0,
  '|': (a, b) => !isZero(a) || !isZero(b),
  '^': (a, b) => a.hi !== b.hi || a.lo !== b.lo,
};

const isZero = (value: U64): boolean => value.hi === 0 && value.lo === 0;

function leadingZeros(value: U64): number {
  return value.hi !== 0 ? Math.clz32(value.hi) : 32 + Math.clz32(value.lo);
}

/** 64 for zero. */
function trailingZeros(value: U64): number {
  if (value.lo !== 0) return 31 - Math.clz32(value.lo & -value.lo);
  return value.hi !== 0 ? 63 - Math.clz32(value.hi & -value.hi) : 64;
}

/** Beyond 2^53, which addresses are and counts are not, it takes a BigInt. */
function hasRemainder(value: U64, divisor: U64): boolean {
  if (value.isSafe() && divisor.isSafe()) return value.toNumber() % divisor.toNumber() !== 0;
  return value.toBigInt() % divisor.toBigInt() !== 0n;
}
