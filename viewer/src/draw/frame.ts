/*
 * One picture of some rows: pixels of all their strips, then text and what single events have beside them.
 */
import type { Row } from '../state/rows.ts';
import type { Scene } from './scene.ts';
import type { StripPictures } from './strip-pictures.ts';
import { writeStrip } from './write.ts';

/** A canvas and what it stands for. */
export interface Surface<C = CanvasRenderingContext2D> {
  readonly context: C;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Pixels per CSS pixel. */
  readonly scale: number;
}

export const FONT = '11px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif';

/**
 * Draws the rows that are visible when scrolled down by `scroll` CSS pixels. Paints for about `budget` ms; true if all
 * is painted, false if there should be another frame.
 */
export function drawRows(
  { context, width, height, scale }: Surface,
  pictures: StripPictures,
  rows: readonly Row[],
  scroll: number,
  scene: Scene,
  budget: number,
): boolean {
  const visible = rows
    .filter(({ top, height: own }) => top + own > scroll && top < scroll + height)
    .flatMap((row) => row.strips.map((strip) => ({ row, strip, top: row.top - scroll + strip.y })));
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = scene.palette.css.background;
  context.fillRect(0, 0, Math.ceil(width * scale), Math.ceil(height * scale));
  const placed = visible.map(({ strip, top }) => ({
    strip,
    y: Math.round(top * scale),
    height: Math.round(strip.height * scale),
  }));
  const isDone = pictures.draw(context, placed, scene, Math.round(width * scale), scale, budget);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const { strip, row, top } of visible) writeStrip(context, strip, row, top, width, scene);
  return isDone;
}
