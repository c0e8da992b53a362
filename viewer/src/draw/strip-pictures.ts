/*
 * Pictures of strips are kept from frame to frame. What a frame has no time to paint anew is shown as it was, moved and
 * stretched to the view; the frames that follow paint it.
 */
import type { Strip } from '../state/rows.ts';
import type { Picture } from './picture.ts';
import type { Scene } from './scene.ts';
import { linesOf, paintStrip } from './strips.ts';

/** A strip to be drawn: where, in pixels of the canvas. */
export interface Placed {
  readonly strip: Strip;
  readonly y: number;
  readonly height: number;
}

interface StripPicture {
  readonly canvas: HTMLCanvasElement;
  readonly context: CanvasRenderingContext2D;
  image: ImageData;
  pixels: Uint32Array;
  lines: number;
  start: number;
  step: number;
  version: string;
  /** Number of the painting, to have the oldest painted first. */
  painted: number;
  /** Number of the frame that it was drawn in. */
  shown: number;
}

const MOST_KEPT = 400;

export class StripPictures {
  readonly #pictures = new Map<string, StripPicture>();
  #paintings = 0;
  #frames = 0;

  /** Draws strips. Paints for about `budget` ms; true if all of them are as they should be. */
  draw(
    context: CanvasRenderingContext2D,
    placed: readonly Placed[],
    scene: Scene,
    width: number,
    scale: number,
    budget: number,
  ): boolean {
    const { start, end } = scene.view;
    const step = (end - start) / width;
    const until = performance.now() + budget;
    this.#frames++;
    const stale = placed
      .map(({ strip }) => ({ strip, lines: linesOf(strip, scene, scale), old: this.#pictures.get(keyOf(strip)) }))
      .filter(({ lines, old }) => old === undefined || !isFresh(old, start, step, width, lines, scene.version))
      .sort((a, b) => (a.old?.painted ?? 0) - (b.old?.painted ?? 0));
    let painted = 0;
    for (const { strip, lines } of stale) {
      if (painted > 0 && performance.now() > until) break;
      this.#paint(strip, scene, { width, start, step }, lines);
      painted++;
    }
    context.imageSmoothingEnabled = false;
    for (const { strip, y, height } of placed) this.#put(context, strip, y, height, width, start, step);
    this.#forget();
    return painted === stale.length;
  }

  #paint(strip: Strip, scene: Scene, { width, start, step }: Omit<Picture, 'pixels'>, lines: number): void {
    const key = keyOf(strip);
    let own = this.#pictures.get(key);
    if (own === undefined || own.image.width !== width || own.lines !== lines) {
      own = makePicture(width, lines);
      this.#pictures.set(key, own);
    }
    own.pixels.fill(scene.palette.background);
    paintStrip(strip, scene, { pixels: own.pixels, width, start, step }, 0, lines);
    own.context.putImageData(own.image, 0, 0);
    own.start = start;
    own.step = step;
    own.version = scene.version;
    own.painted = ++this.#paintings;
  }

  /** The part of a picture that the view shows. */
  #put(
    context: CanvasRenderingContext2D,
    strip: Strip,
    y: number,
    height: number,
    width: number,
    start: number,
    step: number,
  ): void {
    const own = this.#pictures.get(keyOf(strip));
    if (own === undefined) return;
    own.shown = this.#frames;
    const from = Math.max(0, (start - own.start) / own.step);
    const to = Math.min(own.image.width, (start + width * step - own.start) / own.step);
    if (to <= from) return;
    const left = (own.start + from * own.step - start) / step;
    const right = (own.start + to * own.step - start) / step;
    context.drawImage(own.canvas, from, 0, to - from, own.lines, left, y, right - left, height);
  }

  #forget(): void {
    if (this.#pictures.size <= MOST_KEPT) return;
    for (const [key, { shown }] of this.#pictures) if (shown !== this.#frames) this.#pictures.delete(key);
  }
}

function keyOf({ kind, track, level }: Strip): string {
  return `${kind} ${track} ${level}`;
}

function isFresh(
  picture: StripPicture,
  start: number,
  step: number,
  width: number,
  lines: number,
  version: string,
): boolean {
  const { image } = picture;
  return (
    picture.start === start &&
    picture.step === step &&
    picture.version === version &&
    image.width === width &&
    picture.lines === lines
  );
}

function makePicture(width: number, lines: number): StripPicture {
  const canvas = document.createElement('canvas');
  canvas.width = width;
  canvas.height = lines;
  const context = canvas.getContext('2d', { willReadFrequently: true })!;
  const image = context.createImageData(width, lines);
  const pixels = new Uint32Array(image.data.buffer);
  return { canvas, context, image, pixels, lines, start: 0, step: 0, version: '', painted: 0, shown: 0 };
}
