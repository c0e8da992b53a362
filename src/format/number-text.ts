const LIMIT = 1n << 64n;
const DIGITS = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9][0-9]*))/;

/**
 * The number that a text begins with, as C's strtoull reads it: decimal, 0x, 0 for octal; unsigned 64-bit, the
 * largest one for more than that, negative ones wrapped; 0 where the text does not begin with a number.
 */
export function unsignedPrefix(text: string): bigint {
  const match = DIGITS.exec(text);
  if (match === null) return 0n;
  const [, sign, hex, octal, decimal] = match;
  let value = 0n;
  if (hex !== undefined) value = BigInt(`0x${hex}`);
  else if (decimal !== undefined) value = BigInt(decimal);
  else if (octal) value = BigInt(`0o${octal}`);
  if (value >= LIMIT) return LIMIT - 1n;
  return sign === '-' ? BigInt.asUintN(64, -value) : value;
}

/** As `unsignedPrefix`, for signed numbers: clamped to 64 bits with their sign. */
export function signedPrefix(text: string): bigint {
  const magnitude = unsignedPrefix(text.replace(/^([ \t\n\v\f\r]*)-/, '$1'));
  const negative = /^[ \t\n\v\f\r]*-/.test(text);
  const largest = negative ? LIMIT / 2n : LIMIT / 2n - 1n;
  const value = magnitude > largest ? largest : magnitude;
  return negative ? -value : value;
}

/** The number a text begins with, for sizes and offsets: its low 32 bits, as an int of C that may not be negative. */
export function leadingNumber(text: string): number {
  return Number(BigInt.asUintN(31, unsignedPrefix(text)));
}
