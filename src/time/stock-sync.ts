import { INTERPOLATE } from './exact-sync.ts';
import { computedLine, driftLine, driftPiece, LEVEL, type Line } from './lines.ts';
import { least, type Mapping } from './piecewise.ts';
import { type Stretch, stretchMapping } from './stretches.ts';
import type { SyncSample } from './types.ts';

const signed = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);

/**
 * What trace-cmd 3.1 and 3.4 compute from the samples of one guest CPU, wrong or not: signed 64-bit products that
 * wrap, a lone sample's scaling ignored, the last sample never used on its own.
 */
export function stockSync(samples: readonly SyncSample[], flags: number): Mapping {
  const sorted = sortedAsStock(samples);
  if (sorted.length === 1) return wrapped([{ start: 0n, line: driftLine(0n, sorted[0]!.offset, LEVEL) }]);
  // Each pair rules from its first sample on; the first pair before that too, the last pair to the end.
  return wrapped(
    sorted.slice(1).map((b, i) => ({ start: i === 0 ? 0n : sorted[i]!.time, line: pairLine(sorted[i]!, b, flags) })),
  );
}

function wrapped(stretches: readonly Stretch[]): Mapping {
  const mapping = stretchMapping(stretches);
  return { at: (stamp) => unsigned(mapping.at(stamp)), pieceAt: mapping.pieceAt, stretches: undefined };
}

function sortedAsStock(samples: readonly SyncSample[]): SyncSample[] {
  const byTime = [...samples].sort((a, b) => Number(signed(a.time) - signed(b.time)));
  return byTime.filter((sample, i) => i === 0 || sample.time !== byTime[i - 1]!.time);
}

function pairLine(a: SyncSample, b: SyncSample, flags: number): Line {
  const interpolate = (flags & INTERPOLATE) !== 0;
  const run = signed(b.time - a.time);
  const rise = interpolate ? signed(b.offset - a.offset) : 0n;
  const product = (stamp: bigint): bigint => signed(signed(stamp - a.time) * rise + run / 2n);
  const offsetAt = (stamp: bigint): bigint => a.offset + (interpolate ? product(stamp) / run : 0n);
  const scaled = a.scaling !== 1n || a.fraction !== 0;
  if (scaled || run < 0n) {
    const shift = BigInt(a.fraction & 63);
    return computedLine((stamp) => (unsigned(stamp * a.scaling) >> shift) + offsetAt(stamp));
  }
  if (rise === 0n) return driftLine(a.time, a.offset, LEVEL);
  return {
    at: (stamp) => stamp + offsetAt(stamp),
    pieceAt: (stamp) => {
      const piece = driftPiece(stamp, a.offset, product(stamp), { rise, run }, 64);
      // Where the difference to the sample's time changes its sign by overflow, the product jumps.
      return { ...piece, length: least(piece.length, (1n << 63n) - signed(stamp - a.time)) };
    },
  };
}
