/*
 * What lies over all tracks: the pointer's time, marks, the range that is measured, matches on the axis.
 */
import { exactTime, lengthText, type Unit } from '../state/exact.ts';
import type { Mark, Span } from '../state/page.ts';
import type { Palette } from './colours.ts';
import { FONT, type Surface } from './frame.ts';
import { textWidth } from './labels.ts';
import type { Pen } from './pen.ts';

export interface Overlay {
  readonly base: bigint;
  readonly unit: Unit;
  readonly view: Span;
  readonly palette: Palette;
  readonly range: Span | undefined;
  readonly marks: readonly Mark[];
  readonly pointer: number | undefined;
}

/** Height of the band at the top where times are written. */
const BAND = 18;

export function drawOverlay({ context, width, height, scale }: Surface<Pen>, overlay: Overlay): void {
  const { view, palette, range, marks, pointer, base, unit } = overlay;
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = 'middle';
  const place = (time: number) => ((time - view.start) / (view.end - view.start)) * width;
  if (range !== undefined) {
    const [left, right] = [place(range.start), place(range.end)];
    drawRange(context, left, right, width, height, lengthText(range.end - range.start, unit), palette);
  }
  for (const { time, name } of marks) {
    const x = Math.round(place(time)) + 0.5;
    if (x < -1 || x > width + 1) continue;
    context.strokeStyle = palette.css.mark;
    context.lineWidth = 1;
    line(context, x, 0, height);
    flag(context, name, x, palette);
  }
  if (pointer === undefined) return;
  const x = Math.round(place(pointer)) + 0.5;
  context.strokeStyle = palette.css.faint;
  context.lineWidth = 1;
  line(context, x, BAND, height);
  chip(context, exactTime(base, Math.round(pointer), unit), x, width, palette);
}

function line(context: Pen, x: number, top: number, bottom: number): void {
  context.beginPath();
  context.moveTo(x, top);
  context.lineTo(x, bottom);
  context.stroke();
}

function drawRange(
  context: Pen,
  left: number,
  right: number,
  width: number,
  height: number,
  text: string,
  { css }: Palette,
): void {
  if (right < 0 || left > width) return;
  const [from, to] = [Math.max(-2, left), Math.min(width + 2, right)];
  context.fillStyle = css.range;
  context.fillRect(from, 0, to - from, height);
  context.strokeStyle = css.accent;
  context.lineWidth = 1;
  line(context, Math.round(from) + 0.5, 0, height);
  line(context, Math.round(to) - 0.5, 0, height);
  const room = textWidth(context, text) + 12;
  const middle = Math.min(Math.max((from + to) / 2, room / 2 + 2), width - room / 2 - 2);
  box(context, middle - room / 2, 1, room, BAND - 2, css.accent);
  context.fillStyle = css.background;
  context.fillText(text, middle - room / 2 + 6, BAND / 2 + 0.5);
}

/** The pointer's exact time. */
function chip(context: Pen, text: string, x: number, width: number, { css }: Palette): void {
  const room = textWidth(context, text) + 12;
  const left = Math.min(Math.max(x - room / 2, 1), width - room - 1);
  box(context, left, 1, room, BAND - 2, css.text);
  context.fillStyle = css.background;
  context.fillText(text, left + 6, BAND / 2 + 0.5);
}

function flag(context: Pen, text: string, x: number, { css }: Palette): void {
  box(context, x, 1, textWidth(context, text) + 8, BAND - 3, css.mark);
  context.fillStyle = css.background;
  context.fillText(text, x + 4, BAND / 2);
}

function box(context: Pen, x: number, y: number, width: number, height: number, colour: string): void {
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(x, y, width, height, 3);
  context.fill();
}
