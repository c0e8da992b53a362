import { countUntil, countUntilFrom } from '../state/ascending.ts';
import type { Slices } from '../state/slices.ts';
import { mixed, type Palette } from './colours.ts';
import type { Picture } from './picture.ts';

const PERIOD = 8;
const STRIPE = 3;

/**
 * Hatches what the host took from a guest, on a strip of `lines` lines: as strong as its share of each pixel. The
 * strip's first line has the picture that all its lines get.
 */
export function hatchStolen(slices: Slices, picture: Picture, line: number, lines: number, palette: Palette): void {
  const { starts, ends, before, length } = slices;
  const { pixels, width, start, step } = picture;
  for (let y = 1; y < lines; y++) pixels.copyWithin((line + y) * width, line * width, (line + 1) * width);
  if (length === 0) return;
  let at = countUntil(starts, length, start) - 1;
  let stolen = at < 0 ? 0 : before[at]! + Math.min(start, ends[at]!) - starts[at]!;
  let stride = 1;
  for (let x = 0; x < width; x++) {
    const edge = start + (x + 1) * step;
    const next = countUntilFrom(starts, length, edge, at + 1, stride) - 1;
    stride = next - at;
    at = next;
    const now = at < 0 ? 0 : before[at]! + Math.min(edge, ends[at]!) - starts[at]!;
    const share = (now - stolen) / step;
    stolen = now;
    if (share < 0.004) continue;
    const strength = Math.min(1, 0.15 + share * 0.85);
    for (let y = 0; y < lines; y++) {
      if ((x + y) % PERIOD >= STRIPE) continue;
      const pixel = (line + y) * width + x;
      pixels[pixel] = mixed(palette.hatch, pixels[pixel]!, strength);
    }
  }
}
