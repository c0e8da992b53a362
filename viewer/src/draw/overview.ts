/*
 * The whole recording in a strip: how many events there are along it, and which part is shown.
 */
import { countUntilFrom } from '../state/ascending.ts';
import type { Span } from '../state/page.ts';
import type { Series } from '../state/series.ts';
import { cssOf, type Palette } from './colours.ts';
import type { Surface } from './frame.ts';

export interface Overview {
  readonly series: readonly Series[];
  readonly whole: Span;
  readonly view: Span;
  readonly palette: Palette;
  readonly until: number;
  readonly matches: ReadonlyMap<number, Uint32Array> | undefined;
}

export function drawOverview({ context, width, height, scale }: Surface, overview: Overview): void {
  const { series, whole, view, palette, until, matches } = overview;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  const counts = countsOf(series, whole, Math.ceil(width / 2));
  const columns = counts.length;
  const most = Math.log2(1 + counts.reduce((a, b) => Math.max(a, b), 0));
  context.fillStyle = cssOf(palette.density);
  const rows = height - 4;
  for (let x = 0; x < columns; x++) {
    const bar = counts[x] === 0 ? 0 : Math.max(1, (Math.log2(1 + counts[x]!) / most) * rows);
    if (bar > 0) context.fillRect(x * 2, height - bar, 2, bar);
  }
  const place = (time: number) => ((time - whole.start) / (whole.end - whole.start)) * width;
  if (until < whole.end) {
    context.fillStyle = cssOf(palette.unknown);
    context.fillRect(place(until), height - 3, width - place(until), 3);
  }
  if (matches !== undefined) tickMatches(context, series, matches, place, palette);
  const [left, right] = [place(view.start), place(view.end)];
  context.fillStyle = palette.dark ? 'rgba(0,0,0,0.55)' : 'rgba(90,98,112,0.22)';
  context.fillRect(0, 0, left, height);
  context.fillRect(right, 0, width - right, height);
  context.fillStyle = palette.css.accent;
  context.fillRect(Math.min(left, width - 2), 0, Math.max(2, right - left), 2);
  context.fillRect(Math.min(left, width - 2), 0, 1.5, height);
  context.fillRect(Math.max(right - 1.5, 0), 0, 1.5, height);
}

interface Counted {
  readonly series: readonly Series[];
  readonly events: number;
  readonly end: number;
  readonly counts: Float64Array;
}

let last: Counted | undefined;

/** Events in each column. Kept until there are more events: the view moves more often. */
function countsOf(series: readonly Series[], whole: Span, columns: number): Float64Array {
  const events = series.reduce((sum, own) => (own.kind === 'events' ? sum + own.length : sum), 0);
  const isKnown = last?.series === series && last.events === events && last.end === whole.end;
  if (last !== undefined && isKnown && last.counts.length === columns) return last.counts;
  const counts = new Float64Array(columns);
  for (const own of series) if (own.kind === 'events') count(own.times, own.length, whole, counts);
  last = { series, events, end: whole.end, counts };
  return counts;
}

function count(times: Float64Array, length: number, whole: Span, counts: Float64Array): void {
  const step = (whole.end - whole.start) / counts.length;
  let at = 0;
  let stride = 1;
  for (let x = 0; x < counts.length; x++) {
    const next = countUntilFrom(times, length, whole.start + (x + 1) * step, at, stride);
    counts[x]! += next - at;
    stride = next - at;
    at = next;
  }
}

/** At most one tick per pixel, whatever the number of matches. */
function tickMatches(
  context: CanvasRenderingContext2D,
  series: readonly Series[],
  matches: ReadonlyMap<number, Uint32Array>,
  place: (time: number) => number,
  palette: Palette,
): void {
  context.fillStyle = palette.css.match;
  const ticked = new Set<number>();
  for (const [track, events] of matches) {
    const own = series[track];
    if (own?.kind !== 'events') continue;
    const stride = Math.max(1, Math.floor(events.length / 20_000));
    for (let at = 0; at < events.length; at += stride) ticked.add(Math.round(place(own.times[events[at]!]!)));
  }
  for (const x of ticked) context.fillRect(x, 2, 1, 6);
}
