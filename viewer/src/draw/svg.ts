/*
 * Visible tracks as vectors: a rectangle for each run of pixels of one colour, and the same text as on the canvas.
 */
import type { Row, Strip } from '../state/rows.ts';
import { cssOf } from './colours.ts';
import { paintSlices } from './paint-slices.ts';
import type { Picture } from './picture.ts';
import type { Scene } from './scene.ts';
import { paintStrip } from './strips.ts';
import type { SvgPen } from './svg-pen.ts';
import { writeStrip } from './write.ts';

/** A pattern that `drawRowsAsVectors` fills with. */
export function hatchPattern(scene: Scene): string {
  const colour = cssOf(scene.palette.hatch);
  return `<pattern id="stolen" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect width="2" height="6" fill="${colour}"/></pattern>`;
}

/** `shift`: moves rows down, in CSS pixels. */
export function drawRowsAsVectors(pen: SvgPen, rows: readonly Row[], shift: number, width: number, scene: Scene): void {
  for (const row of rows) {
    for (const strip of row.strips) {
      const y = row.top + shift + strip.y;
      drawStrip(pen, strip, y, width, scene);
      writeStrip(pen, strip, row, y, width, scene);
    }
  }
}

function drawStrip(pen: SvgPen, strip: Strip, y: number, width: number, scene: Scene): void {
  const lines = strip.kind === 'events' ? Math.round(strip.height) : 1;
  const pixels = new Uint32Array(width * lines).fill(scene.palette.background);
  const { view } = scene;
  const picture: Picture = { pixels, width, start: view.start, step: (view.end - view.start) / width };
  paintStrip(strip, scene, picture, 0, lines);
  for (const { left, right, top, colour } of runs(pixels, width, lines, scene.palette.background)) {
    pen.fillStyle = cssOf(colour);
    pen.fillRect(left, y + top, right - left, strip.height - top);
  }
  const own = scene.series[strip.track];
  if (strip.kind !== 'tasks' || own?.kind !== 'tasks' || own.stolen.length === 0) return;
  pixels.fill(0);
  paintSlices(own.stolen, picture, 0, scene.palette.tasks);
  pen.fillStyle = 'url(#stolen)';
  for (const { left, right } of runs(pixels, width, 1, 0)) pen.fillRect(left, y, right - left, strip.height);
}

interface Run {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly colour: number;
}

/** Neighbours of one colour and height. Bars stand on the last line; one is as high as its first line that is filled. */
export function runs(pixels: Uint32Array, width: number, lines: number, background: number): Run[] {
  const found: Run[] = [];
  let left = 0;
  let [top, colour] = [lines, background];
  for (let x = 0; x <= width; x++) {
    let [ownTop, own] = [lines, background];
    for (let line = 0; x < width && line < lines; line++) {
      const pixel = pixels[line * width + x]!;
      if (pixel === background) continue;
      [ownTop, own] = [line, pixel];
      break;
    }
    if (x < width && ownTop === top && own === colour) continue;
    if (colour !== background) found.push({ left, right: x, top, colour });
    [left, top, colour] = [x, ownTop, own];
  }
  return found;
}
