const ZERO = 0x30;
const MINUS = 0x2d;
const HEX = [...'0123456789abcdef'].map((digit) => digit.charCodeAt(0));
/** Two characters each, the first one in the lower byte: a little-endian store puts both in place. */
const DECIMAL_PAIRS = Uint16Array.from(
  { length: 100 },
  (_, i) => (ZERO + Math.floor(i / 10)) | ((ZERO + (i % 10)) << 8),
);
const HEX_PAIRS = Uint16Array.from({ length: 256 }, (_, i) => (HEX[i >> 4] as number) | ((HEX[i & 15] as number) << 8));
const BILLION = 1_000_000_000;
const TWO_32 = 0x1_0000_0000;
const MOST_INT = 0x7fff_ffff;
/** Below this upper half a 64-bit value is an exact number. */
const EXACT_HI = 0x20_0000;

/** The most characters of a decimal number: a sign and 20 digits, and what a store may go beyond them. */
export const LONGEST_NUMBER = 24;

/** Digits of 0..2^31-1. */
function decimalDigits(value: number): number {
  if (value < 10_000) return value < 100 ? (value < 10 ? 1 : 2) : value < 1000 ? 3 : 4;
  if (value < 1_000_000) return value < 100_000 ? 5 : 6;
  if (value < 100_000_000) return value < 10_000_000 ? 7 : 8;
  return value < BILLION ? 9 : 10;
}

/** Digits of a 64-bit value in halves. */
export const hexDigits = (hi: number, lo: number): number =>
  hi !== 0 ? (67 - Math.clz32(hi)) >>> 2 : lo === 0 ? 1 : (35 - Math.clz32(lo)) >>> 2;

/** Decimal of 0..2^31-1 at `at`. Returns the offset behind it, as all of these do. Callers make room. */
export function putDecimal(view: DataView, at: number, value: number): number {
  const end = at + decimalDigits(value);
  let rest = value | 0;
  let to = end;
  while (rest > 99) {
    const quotient = (rest / 100) | 0;
    to -= 2;
    view.setUint16(to, DECIMAL_PAIRS[rest - quotient * 100] as number, true);
    rest = quotient;
  }
  if (rest > 9) view.setUint16(to - 2, DECIMAL_PAIRS[rest] as number, true);
  else view.setUint8(to - 1, ZERO + rest);
  return end;
}

/** Decimal of 0..2^31-1, filled with zeros from `at` to `end`, where its digits fit. */
export function putFilled(view: DataView, at: number, end: number, value: number): void {
  let rest = value | 0;
  let to = end;
  while (to - at > 1) {
    const quotient = (rest / 100) | 0;
    to -= 2;
    view.setUint16(to, DECIMAL_PAIRS[rest - quotient * 100] as number, true);
    rest = quotient;
  }
  if (to > at) view.setUint8(at, ZERO + rest);
}

/** Decimal of an integer number, 0 <= value < 2^53. */
export function putNumber(view: DataView, at: number, value: number): number {
  if (value <= MOST_INT) return putDecimal(view, at, value);
  const upper = Math.floor(value / BILLION);
  const next = putDecimal(view, at, upper);
  putFilled(view, next, next + 9, value - upper * BILLION);
  return next + 9;
}

/** Decimal of an unsigned 64-bit value in halves. */
export function putDecimal64(view: DataView, at: number, hi: number, lo: number): number {
  if (hi < EXACT_HI) return putNumber(view, at, hi * TWO_32 + lo);
  // Long division by 10^9, 16 bits at a time: every step stays below 2^53.
  const first = Math.floor(hi / BILLION);
  const second = (hi - first * BILLION) * 0x1_0000 + (lo >>> 16);
  const secondQuotient = Math.floor(second / BILLION);
  const third = (second - secondQuotient * BILLION) * 0x1_0000 + (lo & 0xffff);
  const thirdQuotient = Math.floor(third / BILLION);
  const next = putNumber(view, at, first * TWO_32 + secondQuotient * 0x1_0000 + thirdQuotient);
  putFilled(view, next, next + 9, third - thirdQuotient * BILLION);
  return next + 9;
}

/** Decimal of a signed (two's complement) 64-bit value in halves. */
export function putSigned64(view: DataView, at: number, hi: number, lo: number): number {
  if (hi < 0x8000_0000) return putDecimal64(view, at, hi, lo);
  view.setUint8(at, MINUS);
  const lower = (~lo + 1) >>> 0;
  return putDecimal64(view, at + 1, (~hi + (lower === 0 ? 1 : 0)) >>> 0, lower);
}

/** Lower-case hex of a 64-bit value in halves, from `at` to `end`: as many digits as fit. */
export function putHex(view: DataView, at: number, end: number, hi: number, lo: number): void {
  let rest = lo | 0;
  let to = end;
  if (to - at > 8) {
    for (let i = 0; i < 4; i++) {
      to -= 2;
      view.setUint16(to, HEX_PAIRS[rest & 0xff] as number, true);
      rest >>>= 8;
    }
    rest = hi | 0;
  }
  while (to - at > 1) {
    to -= 2;
    view.setUint16(to, HEX_PAIRS[rest & 0xff] as number, true);
    rest >>>= 8;
  }
  if (to > at) view.setUint8(at, HEX[rest & 15] as number);
}

/** Right-aligns the number in buffer[start..end) to `width`. Zeros come after its sign. Returns its end. */
export function alignNumber(buffer: Uint8Array, start: number, end: number, width: number, pad: number): number {
  const missing = width - (end - start);
  if (missing <= 0) return end;
  const from = pad === ZERO && buffer[start] === MINUS ? start + 1 : start;
  for (let i = end - 1; i >= from; i--) buffer[i + missing] = buffer[i] as number;
  for (let i = 0; i < missing; i++) buffer[from + i] = pad;
  return end + missing;
}
