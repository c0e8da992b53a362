import { countUntil, countUntilFrom } from '../state/ascending.ts';
import type { Slices } from '../state/slices.ts';
import { colourOf, mixed } from './colours.ts';
import type { Picture } from './picture.ts';

/** Slices narrower than this have no gap before them. */
const GAP_FROM = 5;

/** Slices with gaps: each pixel is covered by as much as slices cover of its time. What is 0 stays as it is. */
export function paintSlices(slices: Slices, picture: Picture, line: number, colours: Uint32Array): void {
  const { starts, ends, keys, before, length } = slices;
  const { pixels, width, start, step } = picture;
  if (length === 0) return;
  const row = line * width;
  let at = countUntil(starts, length, start) - 1;
  let covered = coveredUntil(slices, at, start);
  let stride = 1;
  for (let x = 0; x < width; x++) {
    const edge = start + (x + 1) * step;
    const next = countUntilFrom(starts, length, edge, at + 1, stride) - 1;
    if (next <= at) {
      if (at >= 0 && ends[at]! > edge - step) {
        x = fillSlice(slices, at, picture, row, x, colours);
        covered = coveredUntil(slices, at, start + (x + 1) * step);
        continue;
      }
      if (next + 1 >= length) return;
      // Nothing until the next slice begins.
      x = Math.max(x, Math.min(width, Math.floor((starts[next + 1]! - start) / step)) - 1);
      covered = at < 0 ? 0 : before[at]! + ends[at]! - starts[at]!;
      continue;
    }
    const now = coveredUntil(slices, next, edge);
    const share = Math.min(1, 0.15 + (0.85 * (now - covered)) / step);
    const centre = countUntilFrom(starts, next + 1, edge - step / 2, Math.max(0, at), 1) - 1;
    const colour = colourOf(colours, keys[Math.max(centre, at + 1, 0)]!);
    const starting = edge - starts[next]! < step && ends[next]! - starts[next]! > GAP_FROM * step;
    pixels[row + x] = mixed(colour, pixels[row + x]!, starting && next === at + 1 ? share * 0.5 : share);
    covered = now;
    stride = next - at;
    at = next;
  }
}

/** All pixels that one slice covers; the last of them. */
function fillSlice(
  { starts, ends, keys, length }: Slices,
  at: number,
  { pixels, width, start, step }: Picture,
  row: number,
  x: number,
  colours: Uint32Array,
): number {
  const end = at + 1 < length ? Math.min(ends[at]!, starts[at + 1]!) : ends[at]!;
  const colour = colourOf(colours, keys[at]!);
  const stop = Math.min(width, Math.max(x + 1, Math.floor((end - start) / step)));
  pixels.fill(colour, row + x, row + stop);
  if (stop < width && stop > x + 1) {
    const share = (ends[at]! - (start + stop * step)) / step;
    const alone = at + 1 >= length || starts[at + 1]! > start + (stop + 1) * step;
    if (alone && share > 0) pixels[row + stop] = mixed(colour, pixels[row + stop]!, Math.min(1, share));
    if (alone) return stop;
  }
  return stop - 1;
}

function coveredUntil({ starts, ends, before }: Slices, at: number, time: number): number {
  return at < 0 ? 0 : before[at]! + Math.min(time, ends[at]!) - starts[at]!;
}
