import { computedLine } from './lines.ts';
import { floorDivide, type Mapping, STAMP_LIMIT } from './piecewise.ts';
import type { TscToNanoseconds } from './types.ts';

/** More bits than a 64-bit stamp times a 32-bit multiplier has. */
const ALL_BITS = 96;

/** ns = floor(ticks * multiplier / 2^shift). TSC2NSEC's offset is 0 in every file; trace-cmd does not use it. */
export function tscRate({ multiplier, shift }: TscToNanoseconds): Mapping {
  const rise = BigInt(multiplier);
  const run = 1n << BigInt(Math.min(shift, ALL_BITS));
  return {
    at: (stamp) => floorDivide(stamp * rise, run),
    pieceAt: (start) => {
      const base = floorDivide(start * rise, run);
      const rest = start * rise - base * run;
      return { start, length: STAMP_LIMIT - start, base, advances: false, rest, rise, run };
    },
    stretches: [0n],
  };
}

/**
 * The same as trace-cmd computes it. It differs only for a multiplier from 2^31 on, which it takes for a negative
 * number, and for shifts over 32, which it applies modulo 64.
 */
export function stockTscRate(rate: TscToNanoseconds): Mapping {
  const { multiplier, shift } = rate;
  if (multiplier < 2 ** 31 && shift <= 32) return tscRate(rate);
  const factor = BigInt.asUintN(64, BigInt(multiplier | 0));
  const right = BigInt(shift & 63);
  const left = BigInt((32 - shift) & 63);
  const at = (stamp: bigint): bigint => {
    const low = BigInt.asUintN(64, (stamp & 0xffff_ffffn) * factor) >> right;
    const high = BigInt.asUintN(64, stamp) >> 32n;
    return BigInt.asUintN(64, low + ((high * factor) << left));
  };
  return { ...computedLine(at), stretches: undefined };
}
