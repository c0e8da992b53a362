import { VCPU_STATE } from '../../../src/tracks/types.ts';
import { STATE_CLASSES, type StateSeries } from '../state/series.ts';
import { paintShares } from './paint-shares.ts';
import type { Picture } from './picture.ts';

const before = new Float64Array(STATE_CLASSES);
const after = new Float64Array(STATE_CLASSES);

/**
 * What a thread did: each pixel mixes the colours of its states by their shares of its time. Being preempted weighs
 * more, since a moment of it is what one looks for.
 */
export function paintStates(series: StateSeries, picture: Picture, line: number, colours: Uint32Array): void {
  const { kinds } = series.shares;
  paintShares(series.shares, picture, line, {
    before,
    after,
    one: (slice) => colours[kinds[slice]!]!,
    several: () => mix(colours),
  });
}

const WEIGHTS = Float64Array.from({ length: STATE_CLASSES }, (_, state) =>
  state === VCPU_STATE.preempted || state === VCPU_STATE.waking ? 3 : 1,
);

/** By what `after` has more than `before`. */
function mix(colours: Uint32Array): number {
  let red = 0;
  let green = 0;
  let blue = 0;
  let sum = 0;
  for (let state = 0; state < STATE_CLASSES; state++) {
    const share = (after[state]! - before[state]!) * WEIGHTS[state]!;
    if (share <= 0) continue;
    const colour = colours[state]!;
    red += (colour & 0xff) * share;
    green += ((colour >>> 8) & 0xff) * share;
    blue += ((colour >>> 16) & 0xff) * share;
    sum += share;
  }
  if (sum === 0) return colours[VCPU_STATE.unknown]!;
  return (0xff000000 | ((blue / sum) << 16) | ((green / sum) << 8) | (red / sum)) >>> 0;
}
