import { ZERO_HALF } from '../base/u64.ts';

/**
 * Times are converted by functions that are straight lines, rounded down, over long stretches. A `Mapping` says exactly
 * what the function is (BigInt); `PiecewiseEvaluator` computes it per event without BigInt, one piece at a time.
 */
export interface Mapping extends Pieces {
  /** The exact value at a stamp. Not wrapped at 2^64 unless the rule itself wraps. */
  at(stamp: bigint): bigint;
  /**
   * First stamps of the stretches in which `at` keeps one direction, ascending from 0; undefined where nothing of
   * the kind is known.
   */
  readonly stretches: readonly bigint[] | undefined;
}

export interface Pieces {
  /** The piece that starts at a stamp, 0 <= stamp < 2^64. */
  pieceAt(stamp: bigint): Piece;
}

/**
 * A stretch of a mapping, `length` stamps from `start`:
 * at(start + n) = base + (advances ? n : 0) + floor((rest + n * rise) / run)   for 0 <= n < length.
 */
export interface Piece {
  readonly start: bigint;
  readonly length: bigint;
  readonly base: bigint;
  readonly advances: boolean;
  /** 0 <= rest < run. */
  readonly rest: bigint;
  readonly rise: bigint;
  readonly run: bigint;
}

export const STAMP_LIMIT = 1n << 64n;

/** Quotient rounded down, as integers (BigInt's own division rounds toward zero). `divisor` > 0. */
export function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1n : quotient;
}

/** The piece of a mapping that is known one stamp at a time only. */
export function pointPiece(start: bigint, base: bigint): Piece {
  return { start, length: 1n, base, advances: false, rest: 0n, rise: 0n, run: 1n };
}

/** The pieces of a mapping of stamps that are moved by a constant first (wrapping at 2^64). */
export function movedFirst(mapping: Pieces, by: bigint): Pieces {
  return {
    pieceAt: (stamp) => {
      const moved = mapping.pieceAt(BigInt.asUintN(64, stamp + by));
      return { ...moved, start: stamp, length: least(moved.length, STAMP_LIMIT - stamp) };
    },
  };
}

export function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** Pieces are cut here, so that rounding errors stay far below one unit and `n` stays exact. */
const LONGEST_PIECE = 1n << 40n;
const HALF = 0x1_0000_0000;
const EXACT_LIMIT = 2n ** 53n;
const EXACT_FOREVER = Number.MAX_SAFE_INTEGER;

/**
 * Evaluates a mapping per event. Exact: where a product could pass 2^53, a quotient in floating
 * point decides unless it lies too close to an integer; then a new piece is computed that starts right there.
 */
export class PiecewiseEvaluator {
  /** The result of `apply`, in halves. */
  outHi = 0;
  outLo = ZERO_HALF;

  readonly #pieces: Pieces;
  #startHi = 0;
  #startLo = ZERO_HALF;
  #length = 0;
  #baseHi = 0;
  #baseLo = ZERO_HALF;
  #advance = 0;
  #rest = 0;
  #rise = 0;
  #run = 1;
  #slope = 0;
  #restShare = 0;
  /** Up to this many stamps after the start, rest + n * rise is an exact number. */
  #exactLength = 0;

  constructor(pieces: Pieces) {
    this.#pieces = pieces;
  }

  apply(hi: number, lo: number): void {
    let n = (hi - this.#startHi) * HALF + (lo - this.#startLo);
    if (!(n >= 0 && n < this.#length)) {
      this.#startPieceAt(hi, lo);
      n = 0;
    }
    let quotient: number;
    if (n <= this.#exactLength) {
      quotient = Math.floor((this.#rest + n * this.#rise) / this.#run);
    } else {
      const estimate = this.#restShare + n * this.#slope;
      const slack = (Math.abs(estimate) + 1) * 2 ** -50;
      quotient = Math.floor(estimate - slack);
      if (quotient !== Math.floor(estimate + slack)) {
        this.#startPieceAt(hi, lo);
        n = 0;
        quotient = 0;
      }
    }
    const low = this.#baseLo + n * this.#advance + quotient;
    const carry = Math.floor(low / HALF);
    this.outLo = low - carry * HALF;
    this.outHi = (this.#baseHi + carry) >>> 0;
  }

  #startPieceAt(hi: number, lo: number): void {
    const piece = this.#pieces.pieceAt((BigInt(hi) << 32n) | BigInt(lo));
    const base = BigInt.asUintN(64, piece.base);
    this.#startHi = hi;
    this.#startLo = lo;
    this.#length = Number(least(piece.length, LONGEST_PIECE));
    this.#baseHi = Number(base >> 32n);
    this.#baseLo = Number(base & 0xffff_ffffn);
    this.#advance = piece.advances ? 1 : 0;
    this.#rest = Number(piece.rest);
    this.#rise = Number(piece.rise);
    this.#run = Number(piece.run);
    this.#slope = this.#rise / this.#run;
    this.#restShare = this.#rest / this.#run;
    this.#exactLength = exactLength(piece);
  }
}

function exactLength({ rise, run }: Piece): number {
  const steepness = rise < 0n ? -rise : rise;
  if (run >= EXACT_LIMIT || steepness >= EXACT_LIMIT) return -1;
  return steepness === 0n ? EXACT_FOREVER : Number((EXACT_LIMIT - run) / steepness);
}
