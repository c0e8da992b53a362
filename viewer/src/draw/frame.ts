/*
 * One picture of some rows: pixels of all their strips at once, then text and what single events have beside them.
 */
import type { Row, Strip } from '../state/rows.ts';
import type { Picture } from './picture.ts';
import type { Scene } from './scene.ts';
import { linesOf, paintStrip } from './strips.ts';
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

/** Pixels of strips, before they are stretched to where they belong. Reused from frame to frame. */
export class Raster {
  readonly #canvas = document.createElement('canvas');
  readonly #context = this.#canvas.getContext('2d', { willReadFrequently: true })!;
  #image: ImageData | undefined;

  get canvas(): HTMLCanvasElement {
    return this.#canvas;
  }

  /** Lines of the background, to be painted on. */
  pixels(width: number, lines: number, background: number): Uint32Array {
    if (this.#image === undefined || this.#image.width !== width || this.#image.height < lines) {
      this.#canvas.width = width;
      this.#canvas.height = Math.ceil(lines / 256) * 256;
      this.#image = this.#context.createImageData(width, this.#canvas.height);
    }
    const pixels = new Uint32Array(this.#image.data.buffer);
    pixels.fill(background, 0, lines * width);
    return pixels;
  }

  put(width: number, lines: number): void {
    if (this.#image !== undefined && lines > 0) this.#context.putImageData(this.#image, 0, 0, 0, 0, width, lines);
  }
}

interface Placed {
  readonly strip: Strip;
  readonly row: Row;
  readonly line: number;
  readonly lines: number;
}

/** Draws the rows that are visible when scrolled down by `scroll` CSS pixels. */
export function drawRows(surface: Surface, raster: Raster, rows: readonly Row[], scroll: number, scene: Scene): void {
  const { context, width, height, scale } = surface;
  const visible = rows.filter(({ top, height: own }) => top + own > scroll && top < scroll + height);
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.fillStyle = scene.palette.css.background;
  context.fillRect(0, 0, Math.ceil(width * scale), Math.ceil(height * scale));
  const placed = paint(visible, raster, scene, Math.round(width * scale), scale);
  context.imageSmoothingEnabled = false;
  const pixels = Math.round(width * scale);
  for (const { strip, row, line, lines } of placed) {
    const y = Math.round((row.top - scroll + strip.y) * scale);
    context.drawImage(raster.canvas, 0, line, pixels, lines, 0, y, pixels, Math.round(strip.height * scale));
  }
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = FONT;
  context.textBaseline = 'middle';
  for (const { strip, row } of placed) writeStrip(context, strip, row, row.top - scroll + strip.y, width, scene);
}

/** Paints all strips into one raster. */
function paint(rows: readonly Row[], raster: Raster, scene: Scene, width: number, scale: number): Placed[] {
  let lines = 0;
  const placed: Placed[] = [];
  for (const row of rows) {
    for (const strip of row.strips) {
      const own = linesOf(strip, scene, scale);
      placed.push({ strip, row, line: lines, lines: own });
      lines += own;
    }
  }
  if (lines === 0) return placed;
  const { view, palette } = scene;
  const pixels = raster.pixels(width, lines, palette.background);
  const picture: Picture = { pixels, width, start: view.start, step: (view.end - view.start) / width };
  for (const { strip, line, lines: own } of placed) paintStrip(strip, scene, picture, line, own);
  raster.put(width, lines);
  return placed;
}
