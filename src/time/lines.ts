import { floorDivide, least, type Piece, type Pieces, pointPiece, STAMP_LIMIT } from './piecewise.ts';

/** A rule for stamps of one stretch. `pieceAt` may answer pieces that reach beyond the stretch. */
export interface Line extends Pieces {
  at(stamp: bigint): bigint;
}

/** offset(t) = a + rise/run per stamp: how far one clock is ahead of another, drifting evenly. */
export interface Slope {
  readonly rise: bigint;
  /** > 0. */
  readonly run: bigint;
}

export const LEVEL: Slope = { rise: 0n, run: 1n };

/** t + offset + trunc((n * rise + run/2) / run), n = t - time: rounded the way trace-cmd rounds. */
export function driftLine(time: bigint, offset: bigint, slope: Slope): Line {
  const { rise, run } = slope;
  const product = (stamp: bigint): bigint => (stamp - time) * rise + run / 2n;
  return {
    at: (stamp) => stamp + offset + product(stamp) / run,
    pieceAt: (stamp) => driftPiece(stamp, offset, product(stamp), slope, undefined),
  };
}

/**
 * The piece of stamp + offset + trunc(product / run), where product grows by `rise` per stamp. It ends where the sign
 * of the product changes, since the rounding turns there, or where it leaves the signed numbers of `bits` bits.
 */
export function driftPiece(
  start: bigint,
  offset: bigint,
  product: bigint,
  { rise, run }: Slope,
  bits: number | undefined,
): Piece {
  const negative = product < 0n;
  // trunc(x / run) of a negative x is floor((x + run - 1) / run).
  const numerator = negative ? product + run - 1n : product;
  const quotient = floorDivide(numerator, run);
  let length = STAMP_LIMIT - start;
  if (rise !== 0n && rise > 0n === negative) {
    const toZero = negative ? (-product - 1n) / rise : product / -rise;
    length = least(length, toZero + 1n);
  } else if (rise !== 0n && bits !== undefined) {
    const most = (1n << BigInt(bits - 1)) - 1n;
    const room = negative ? product + most + 1n : most - product;
    length = least(length, room / (rise < 0n ? -rise : rise) + 1n);
  }
  return {
    start,
    length,
    base: start + offset + quotient,
    advances: true,
    rest: numerator - quotient * run,
    rise,
    run,
  };
}

/**
 * The host's TSC for a guest's under KVM's scaling, guest = (host * ratio >> fraction) - offset: the first host tick
 * at which the guest reads a value that high. `offset` is the stored one, the negative tsc-offset.
 */
export function unscaledLine(offset: bigint, ratio: bigint, fraction: number): Line {
  const one = 1n << BigInt(fraction);
  const divisor = greatestCommonDivisor(ratio, one);
  const rise = one / divisor;
  const run = ratio / divisor;
  const numerator = (scaled: bigint): bigint => scaled * rise + run - 1n;
  return {
    at: (stamp) => floorDivide(numerator(stamp + offset), run),
    pieceAt: (start) => {
      // TSC arithmetic wraps at 2^64, the guest's as the host's.
      const scaled = BigInt.asUintN(64, start + offset);
      const base = floorDivide(numerator(scaled), run);
      const rest = numerator(scaled) - base * run;
      const length = least(STAMP_LIMIT - start, STAMP_LIMIT - scaled);
      return { start, length, base, advances: false, rest, rise, run };
    },
  };
}

/** A rule that is worked out stamp by stamp. For shapes of files that no recorder writes: it is slow. */
export function computedLine(at: (stamp: bigint) => bigint): Line {
  return { at, pieceAt: (stamp) => pointPiece(stamp, at(stamp)) };
}

function greatestCommonDivisor(a: bigint, b: bigint): bigint {
  return b === 0n ? a : greatestCommonDivisor(b, a % b);
}
