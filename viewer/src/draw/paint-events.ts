import { countBefore } from '../state/ascending.ts';
import type { EventSeries } from '../state/series.ts';
import { colourOf, type Palette } from './colours.ts';
import type { Picture } from './picture.ts';

let counts = new Uint32Array(0);
let colours = new Uint32Array(0);

/**
 * Events: where many share a pixel, bars as high as the logarithm of their number; single ones as ticks in the colour
 * of their kind. Fills `lines` lines.
 * @param byTask where no other track tells who ran: all in the colours of tasks
 */
export function paintEvents(
  series: EventSeries,
  picture: Picture,
  line: number,
  lines: number,
  palette: Palette,
  byTask = false,
): void {
  const { times, marks, ids, pids, length } = series;
  const { pixels, width, start, step } = picture;
  if (counts.length < width) {
    counts = new Uint32Array(width);
    colours = new Uint32Array(width);
  }
  let at = countBefore(times, length, start);
  let stride = 1;
  let most = 0;
  const first = at;
  for (let x = 0; x < width; x++) {
    const next = marks.countUntilFrom(times, length, start + (x + 1) * step, at, stride);
    counts[x] = next - at;
    stride = next - at;
    if (stride > most) most = stride;
    at = next;
  }
  if (most === 0) return;
  const scale = 1 / Math.log2(1 + most);
  let place = first;
  for (let x = 0; x < width; x++) {
    const count = counts[x]!;
    if (count === 0) continue;
    if (byTask) colours[x] = colourOfPid(pids[place + (count >> 1)]!, palette);
    else colours[x] = count <= 2 ? colourOf(palette.interrupts, ids[place]!) : palette.density;
    counts[x] = most <= 2 ? lines : Math.max(1, Math.round(lines * Math.log2(1 + count) * scale));
    place += count;
  }
  for (let y = 0; y < lines; y++) {
    const row = (line + y) * width;
    const height = lines - y;
    for (let x = 0; x < width; x++) if (counts[x]! >= height) pixels[row + x] = colours[x]!;
  }
}

function colourOfPid(pid: number, palette: Palette): number {
  return pid > 0 ? colourOf(palette.tasks, pid) : palette.density;
}
