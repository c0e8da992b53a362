import { countUntil } from '../state/ascending.ts';
import type { Shares } from '../state/shares.ts';
import type { Picture } from './picture.ts';

/** Colours of pixels. They are asked for from left to right. */
export interface SliceColours {
  /** How long each class lasted until a pixel's beginning, and until its end: set before `several` is asked. */
  readonly before: Float64Array;
  readonly after: Float64Array;
  /** Of pixels that lie within one slice. */
  one(slice: number): number;
  /** Of a pixel that several slices share, `from` to `to`; where it ends. */
  several(from: number, to: number, end: number): number;
}

/** A line of slices that follow each other, as far as it is known where they end. */
export function paintShares(shares: Shares, picture: Picture, line: number, colours: SliceColours): void {
  const { starts, length, end: until } = shares;
  const { pixels, width, start, step } = picture;
  const { before, after } = colours;
  if (length === 0) return;
  const row = line * width;
  const last = Math.min(width, Math.ceil((until - start) / step));
  let x = Math.max(0, Math.floor((starts[0]! - start) / step));
  let at = Math.max(0, countUntil(starts, length, start + x * step) - 1);
  let stride = 1;
  let known = -1;
  while (x < last) {
    const edge = start + (x + 1) * step;
    const next = shares.countUntilFrom(edge, at, stride) - 1;
    if (next <= at) {
      const stop = Math.min(last, Math.max(x + 1, Math.floor((shares.endOf(at) - start) / step)));
      pixels.fill(colours.one(at), row + x, row + stop);
      x = stop;
      continue;
    }
    if (known !== x) shares.until(at, Math.max(edge - step, starts[0]!), before);
    shares.until(next, edge, after);
    pixels[row + x] = colours.several(at, next, edge);
    before.set(after);
    known = ++x;
    stride = next - at;
    at = next;
  }
}
