import { VCPU_STATE } from '../../../src/tracks/types.ts';
import { countUntil, countUntilFrom } from '../state/ascending.ts';
import { STATE_CLASSES, type StateSeries } from '../state/series.ts';
import type { Picture } from './picture.ts';

const before = new Float64Array(STATE_CLASSES);
const after = new Float64Array(STATE_CLASSES);

/**
 * What a thread did: each pixel mixes the colours of its states by their shares of its time. Being preempted weighs
 * more, since a moment of it is what one looks for.
 */
export function paintStates(series: StateSeries, picture: Picture, line: number, colours: Uint32Array): void {
  const { shares } = series;
  const { starts, kinds, length, end: until } = shares;
  const { pixels, width, start, step } = picture;
  if (length === 0) return;
  const row = line * width;
  const last = Math.min(width, Math.ceil((until - start) / step));
  let x = Math.max(0, Math.floor((starts[0]! - start) / step));
  let at = Math.max(0, countUntil(starts, length, start + x * step) - 1);
  let stride = 1;
  let known = -1;
  while (x < last) {
    const edge = start + (x + 1) * step;
    const next = countUntilFrom(starts, length, edge, at, stride) - 1;
    if (next <= at) {
      const end = at + 1 < length ? starts[at + 1]! : until;
      const stop = Math.min(last, Math.max(x + 1, Math.floor((end - start) / step)));
      pixels.fill(colours[kinds[at]!]!, row + x, row + stop);
      x = stop;
      continue;
    }
    if (known !== x) shares.until(at, Math.max(edge - step, starts[0]!), before);
    shares.until(next, edge, after);
    pixels[row + x] = mix(colours);
    before.set(after);
    known = ++x;
    stride = next - at;
    at = next;
  }
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
