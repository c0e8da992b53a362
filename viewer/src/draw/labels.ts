/*
 * Text on slices that are wide enough for it. Never more steps than the strip has pixels.
 */
import { countUntil, countUntilFrom } from '../state/ascending.ts';
import type { Span } from '../state/page.ts';
import type { Pen } from './pen.ts';

/** CSS pixels below which a slice has no text, and at its sides. */
const LEAST = 26;
const PADDING = 4;

export interface Columns {
  readonly starts: Float64Array;
  readonly length: number;
  /** Without: each ends where the next one starts, the last at `end`. */
  readonly ends?: Float64Array;
  readonly end?: number;
}

/**
 * Calls `visit` with the slices of which at least so much is seen; left and right in CSS pixels, cut at the edges. Such a
 * slice lies under one of the places that are so far from each other: only they are looked at.
 */
export function eachWide(
  { starts, ends, end: last = 0, length }: Columns,
  view: Span,
  width: number,
  visit: (place: number, left: number, right: number) => void,
): void {
  const scale = width / (view.end - view.start);
  const places = Math.ceil(width / (LEAST - 1));
  let [visited, begun, stride] = [-1, countUntil(starts, length, view.start), 1];
  for (let place = 0; place < places; place++) {
    const time = view.start + (place * (LEAST - 1)) / scale;
    const until = countUntilFrom(starts, length, time, begun, stride);
    stride = until - begun;
    begun = until;
    const at = until - 1;
    if (at <= visited) continue;
    visited = at;
    const start = Math.max(starts[at]!, view.start);
    const end = Math.min(ends?.[at] ?? (at + 1 < length ? starts[at + 1]! : last), view.end);
    if ((end - start) * scale >= LEAST) visit(at, (start - view.start) * scale, (end - view.start) * scale);
  }
}

/** All text on tracks has the same font. */
const widths = new Map<string, number>();

/** Writes text between two places, cut to what fits. `ground`: a colour to put behind it, where that is not even. */
export function writeBetween(
  context: Pen,
  text: string,
  left: number,
  right: number,
  y: number,
  ground?: string,
): void {
  const room = right - left - 2 * PADDING;
  const fitting = shortened(context, text, room);
  if (fitting === '') return;
  if (ground !== undefined) {
    const colour = context.fillStyle;
    context.fillStyle = ground;
    context.fillRect(left + PADDING - 2, y - 7, Math.min(room, textWidth(context, fitting)) + 4, 13);
    context.fillStyle = colour;
  }
  context.fillText(fitting, left + PADDING, y);
}

function shortened(context: Pen, text: string, room: number): string {
  const width = textWidth(context, text);
  if (width <= room) return text;
  const letters = Math.floor((room / width) * text.length) - 1;
  return letters >= 2 ? `${text.slice(0, letters)}…` : '';
}

export function textWidth(context: Pen, text: string): number {
  let width = widths.get(text);
  if (width === undefined) {
    width = context.measureText(text).width;
    if (widths.size > 20_000) widths.clear();
    widths.set(text, width);
  }
  return width;
}
