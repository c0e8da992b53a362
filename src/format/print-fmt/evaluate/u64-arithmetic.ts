import type { U64 } from '../../../base/u64.ts';

const TWO_32 = 0x1_0000_0000;

/** Operations on unsigned 64-bit registers, wrapping as in C. `into` may be one of the operands. */
export type Operation = (left: U64, right: U64, into: U64) => void;

export const add: Operation = (left, right, into) => {
  const lo = left.lo + right.lo;
  into.hi = (left.hi + right.hi + (lo >= TWO_32 ? 1 : 0)) >>> 0;
  into.lo = lo >>> 0;
};

export const subtract: Operation = (left, right, into) => {
  const lo = left.lo - right.lo;
  into.hi = (left.hi - right.hi - (lo < 0 ? 1 : 0)) >>> 0;
  into.lo = lo >>> 0;
};

export const multiply: Operation = (left, right, into) => {
  // Of the lower halves, 16 bits at a time: each product and sum stays exact.
  const a = left.lo & 0xffff;
  const b = left.lo >>> 16;
  const c = right.lo & 0xffff;
  const d = right.lo >>> 16;
  const low = a * c;
  const middle = b * c + Math.floor(low / 0x1_0000);
  const middle2 = a * d + (middle % 0x1_0000);
  const high = b * d + Math.floor(middle / 0x1_0000) + Math.floor(middle2 / 0x1_0000);
  into.hi = (high + Math.imul(left.hi, right.lo) + Math.imul(left.lo, right.hi)) >>> 0;
  into.lo = ((middle2 % 0x1_0000) * 0x1_0000 + (low % 0x1_0000)) >>> 0;
};

/** Bit by bit; only for numbers too large for exact division. Leaves the remainder in `rest`. */
function longDivision(left: U64, right: U64, into: U64, rest: { hi: number; lo: number }): void {
  const { hi: dividendHi, lo: dividendLo } = left;
  const { hi: divisorHi, lo: divisorLo } = right;
  let restHi = 0;
  let restLo = 0;
  let hi = 0;
  let lo = 0;
  for (let bit = 63; bit >= 0; bit--) {
    const carry = restHi >>> 31;
    restHi = ((restHi << 1) | (restLo >>> 31)) >>> 0;
    restLo = ((restLo << 1) | (((bit > 31 ? dividendHi : dividendLo) >>> (bit & 31)) & 1)) >>> 0;
    if (carry !== 0 || restHi > divisorHi || (restHi === divisorHi && restLo >= divisorLo)) {
      restHi = (restHi - divisorHi - (restLo < divisorLo ? 1 : 0)) >>> 0;
      restLo = (restLo - divisorLo) >>> 0;
      if (bit > 31) hi = (hi | (1 << (bit & 31))) >>> 0;
      else lo = (lo | (1 << bit)) >>> 0;
    }
  }
  into.hi = hi;
  into.lo = lo;
  rest.hi = restHi;
  rest.lo = restLo;
}

const rest = { hi: 0, lo: 0 };

/** Quotient; 0 for a division by zero, which ends trace-cmd. */
export const divide: Operation = (left, right, into) => {
  if (right.hi === 0 && right.lo === 0) into.set(0, 0);
  else if (left.isSafe() && right.isSafe()) {
    const dividend = left.toNumber();
    const divisor = right.toNumber();
    into.setNumber((dividend - (dividend % divisor)) / divisor);
  } else longDivision(left, right, into, rest);
};

/** Remainder; 0 for a division by zero. */
export const remainder: Operation = (left, right, into) => {
  if (right.hi === 0 && right.lo === 0) into.set(0, 0);
  else if (left.isSafe() && right.isSafe()) into.setNumber(left.toNumber() % right.toNumber());
  else {
    longDivision(left, right, into, rest);
    into.set(rest.hi, rest.lo);
  }
};

/** Counts of 64 and more count modulo 64, as x86 does. */
export const shiftLeft: Operation = (left, right, into) => {
  const count = right.lo & 63;
  const { hi, lo } = left;
  if (count === 0) into.set(hi, lo);
  else if (count < 32) into.set((hi << count) | (lo >>> (32 - count)), lo << count);
  else into.set(lo << (count - 32), 0);
};

export const shiftRight: Operation = (left, right, into) => {
  const count = right.lo & 63;
  const { hi, lo } = left;
  if (count === 0) into.set(hi, lo);
  else if (count < 32) into.set(hi >>> count, (lo >>> count) | (hi << (32 - count)));
  else into.set(0, hi >>> (count - 32));
};

export const and: Operation = (left, right, into) => into.set(left.hi & right.hi, left.lo & right.lo);
export const or: Operation = (left, right, into) => into.set(left.hi | right.hi, left.lo | right.lo);
