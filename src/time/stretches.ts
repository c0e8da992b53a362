import type { Line } from './lines.ts';
import { least, type Mapping } from './piecewise.ts';

/** A line and the first stamp it holds for; it ends where the next stretch starts. */
export interface Stretch {
  readonly start: bigint;
  readonly line: Line;
}

/** Stretches by ascending start, the first at 0, as one mapping. */
export function stretchMapping(stretches: readonly Stretch[]): Mapping {
  const indexAt = (stamp: bigint): number => {
    let low = 0;
    let high = stretches.length;
    while (high - low > 1) {
      const middle = (low + high) >>> 1;
      if (stretches[middle]!.start <= stamp) low = middle;
      else high = middle;
    }
    return low;
  };
  return {
    at: (stamp) => stretches[indexAt(stamp)]!.line.at(stamp),
    pieceAt: (stamp) => {
      const index = indexAt(stamp);
      const piece = stretches[index]!.line.pieceAt(stamp);
      const next = stretches[index + 1];
      return next ? { ...piece, length: least(piece.length, next.start - stamp) } : piece;
    },
    stretches: stretches.map(({ start }) => start),
  };
}
