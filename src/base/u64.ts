/**
 * Zero, for fields that will hold halves: a double from the start. With a plain 0 engines expect small integers, and at
 * the first half of 2^31 or more they throw away all compiled code that reads the object. (Upper halves of times stay
 * below that.)
 */
export const ZERO_HALF = -0;

/**
 * Exact unsigned 64-bit numbers without BigInt, for hot loops: two halves, each a number in 0..2^32-1.
 * A TSC passes 2^53, so a plain number would lose ticks; a BigInt per event would cost an allocation.
 *
 * A `U64` is a mutable register: functions that compute one write into a register that the caller owns.
 * All arithmetic wraps at 2^64, as it does in C.
 */
export class U64 {
  /** Upper 32 bits, 0..2^32-1. */
  hi = ZERO_HALF;
  /** Lower 32 bits, 0..2^32-1. */
  lo = ZERO_HALF;

  set(hi: number, lo: number): void {
    this.hi = hi >>> 0;
    this.lo = lo >>> 0;
  }

  /** Takes the value of an integer number, |value| <= 2^53; negative values wrap to two's complement. */
  setNumber(value: number): void {
    this.lo = value >>> 0;
    this.hi = Math.floor(value / 0x1_0000_0000) >>> 0;
  }

  setBigInt(value: bigint): void {
    this.lo = Number(value & 0xffff_ffffn);
    this.hi = Number((value >> 32n) & 0xffff_ffffn);
  }

  toBigInt(): bigint {
    return (BigInt(this.hi) << 32n) | BigInt(this.lo);
  }

  /** The value as a signed 64-bit number. */
  toSignedBigInt(): bigint {
    return BigInt.asIntN(64, this.toBigInt());
  }

  /** True when the value fits a number exactly (below 2^53). */
  isSafe(): boolean {
    return this.hi < 0x20_0000;
  }

  /** The value as a number. LOSSY from 2^53 on: ask `isSafe` first. */
  toNumber(): number {
    return this.hi * 0x1_0000_0000 + this.lo;
  }
}

/** Orders two values by their halves: negative, zero or positive, as a comparison function returns. */
export function compareHalves(aHi: number, aLo: number, bHi: number, bLo: number): number {
  // Rounded where the upper halves differ, but then they outweigh any difference of the lower ones. No branch: engines
  // compile what they have seen, and stamps of different upper halves are seen late.
  return (aHi - bHi) * 0x1_0000_0000 + (aLo - bLo);
}
