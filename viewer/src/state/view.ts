/*
 * Moving the view. It never shows less than some units, nor more than the recording and a margin.
 */
import type { Span } from './page.ts';

const LEAST = 20;
/** Part of the recording's length that may be empty at its sides. */
const MARGIN = 0.02;

export function clamped(view: Span, whole: Span): Span {
  const margin = (whole.end - whole.start) * MARGIN;
  const most = whole.end - whole.start + 2 * margin;
  const length = Math.min(Math.max(view.end - view.start, LEAST), most);
  const middle = (view.start + view.end) / 2;
  const start = Math.min(Math.max(middle - length / 2, whole.start - margin), whole.end + margin - length);
  return { start, end: start + length };
}

/** By a factor (below 1: closer), about a time that stays where it is. */
export function zoomed(view: Span, factor: number, about: number, whole: Span): Span {
  const length = view.end - view.start;
  const wanted = Math.min(Math.max(length * factor, LEAST), (whole.end - whole.start) * (1 + 2 * MARGIN));
  const start = about - ((about - view.start) / length) * wanted;
  return clamped({ start, end: start + wanted }, whole);
}

/** By a part of what is shown. */
export function panned(view: Span, part: number, whole: Span): Span {
  const by = (view.end - view.start) * part;
  return clamped({ start: view.start + by, end: view.end + by }, whole);
}

/** Shows a stretch with some of what is around it. */
export function around(span: Span, whole: Span): Span {
  const length = Math.max(span.end - span.start, LEAST);
  return clamped({ start: span.start - length, end: span.end + length }, whole);
}

/** As it is, moved so that a time is visible. */
export function showing(view: Span, time: number, whole: Span): Span {
  const length = view.end - view.start;
  if (time > view.start + length * 0.02 && time < view.end - length * 0.02) return view;
  return clamped({ start: time - length / 2, end: time + length / 2 }, whole);
}
