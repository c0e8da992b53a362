import { countUntil, countUntilFrom } from '../state/ascending.ts';
import type { Slices } from '../state/slices.ts';
import { mixed, type Palette } from './colours.ts';
import type { Picture } from './picture.ts';

const PERIOD = 8;
const STRIPE = 3;
const LEAST_SHARE = 0.004;

let striped = new Uint32Array(0);

/**
 * Hatches what the host took from a guest, on a strip of `lines` lines: as strong as its share of each pixel. The
 * strip's first line has the picture that all its lines get.
 */
export function hatchStolen(slices: Slices, picture: Picture, line: number, lines: number, palette: Palette): void {
  const { pixels, width } = picture;
  if (striped.length < width) striped = new Uint32Array(width);
  const base = line * width;
  for (let y = 1; y < lines; y++) pixels.copyWithin((line + y) * width, base, base + width);
  if (slices.length === 0) return;
  for (let x = 0; x < width; x++) striped[x] = pixels[base + x]!;
  mixStripes(slices, picture, palette);
  for (let y = 0; y < lines; y++) {
    const row = (line + y) * width;
    for (let x = (PERIOD - (y % PERIOD)) % PERIOD; x < width; x += PERIOD) {
      const end = Math.min(width, x + STRIPE);
      for (let at = x; at < end; at++) pixels[row + at] = striped[at]!;
    }
  }
}

/** Stripes' colours along the strip. */
function mixStripes({ starts, ends, before, length }: Slices, { width, start, step }: Picture, palette: Palette): void {
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
    if (share >= LEAST_SHARE) striped[x] = mixed(palette.hatch, striped[x]!, Math.min(1, 0.15 + share * 0.85));
  }
}
