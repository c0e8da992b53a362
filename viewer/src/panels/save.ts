/*
 * What is seen, as a picture or as text.
 */
import { drawAxis } from '../draw/axis.ts';
import { cssOf } from '../draw/colours.ts';
import { drawRows, FONT } from '../draw/frame.ts';
import { drawOverlay } from '../draw/overlay.ts';
import type { Pen } from '../draw/pen.ts';
import type { Scene } from '../draw/scene.ts';
import { StripPictures } from '../draw/strip-pictures.ts';
import { drawRowsAsVectors, hatchPattern } from '../draw/svg.ts';
import { escapeText, SvgPen } from '../draw/svg-pen.ts';
import { ask } from '../state/link.ts';
import * as page from '../state/page.ts';
import { mainRows, pinnedRows, type Row } from '../state/rows.ts';
import { scene } from '../state/scene.ts';
import { shown } from '../state/shown.ts';

const LABELS = 220;
const AXIS = 30;

/** Rows that are visible, one below the other. */
function visibleRows(): { readonly rows: readonly Row[]; readonly height: number } {
  const { top, height } = shown.value;
  const pinned = pinnedRows.value;
  const main = mainRows.value.rows.filter((row) => row.top + row.height > top && row.top < top + height);
  const shift = pinned.height - (main[0]?.top ?? 0);
  const rows = [...pinned.rows, ...main.map((row) => ({ ...row, top: row.top + shift }))];
  const last = rows.at(-1);
  return { rows, height: last === undefined ? 0 : last.top + last.height + 4 };
}

function drawLabels(pen: Pen, rows: readonly Row[], shift: number, { palette }: Scene): void {
  for (const { label, note, top, height, kind } of rows) {
    const y = top + shift + height / 2;
    pen.fillStyle = kind === 'machine' || label !== '' ? palette.css.text : palette.css.faint;
    const left = kind === 'machine' ? 6 : 22;
    const text = label === '' ? note : label;
    pen.fillText(text, left, y);
    pen.fillStyle = palette.css.faint;
    const start = left + pen.measureText(text).width + 8;
    const letters = Math.floor((LABELS - start) / 6);
    if (label !== '' && letters > 3)
      pen.fillText(note.length > letters ? `${note.slice(0, letters)}…` : note, start, y);
  }
}

export async function savePng(): Promise<void> {
  const own = scene.value;
  if (own === undefined) return;
  const scale = devicePixelRatio;
  const { rows, height } = visibleRows();
  const { width } = shown.value;
  const canvas = document.createElement('canvas');
  canvas.width = Math.round((LABELS + width) * scale);
  canvas.height = Math.round((AXIS + height) * scale);
  const context = canvas.getContext('2d')!;
  context.fillStyle = own.palette.css.background;
  context.fillRect(0, 0, canvas.width, canvas.height);
  const part = (partHeight: number, draw: (context: CanvasRenderingContext2D) => void, top: number) => {
    const piece = document.createElement('canvas');
    piece.width = Math.round(width * scale);
    piece.height = Math.round(partHeight * scale);
    draw(piece.getContext('2d')!);
    context.drawImage(piece, Math.round(LABELS * scale), Math.round(top * scale));
  };
  const surface = (pen: CanvasRenderingContext2D, partHeight: number) => ({
    context: pen,
    width,
    height: partHeight,
    scale,
  });
  part(
    height,
    (pen) => drawRows(surface(pen, height), new StripPictures(), rows, 0, own, Number.POSITIVE_INFINITY),
    AXIS,
  );
  part(AXIS, (pen) => drawAxis(surface(pen, AXIS), own.layout.base, own.view, own.layout.unit, own.palette), 0);
  part(AXIS + height, (pen) => drawOverlay(surface(pen, AXIS + height), overlayOf(own)), 0);
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.font = FONT;
  context.textBaseline = 'middle';
  drawLabels(context, rows, AXIS, own);
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/png'));
  if (blob !== null) download(blob, 'png');
}

function overlayOf({ layout: { base, unit }, view, palette }: Scene): Parameters<typeof drawOverlay>[1] {
  return { base, unit, view, palette, range: page.range.value, marks: page.marks.value, pointer: undefined };
}

export function saveSvg(): void {
  const own = scene.value;
  if (own !== undefined) download(new Blob([svgText(own)], { type: 'image/svg+xml' }), 'svg');
}

function svgText(own: Scene): string {
  const { rows, height } = visibleRows();
  const width = Math.round(shown.value.width);
  const measure = document.createElement('canvas').getContext('2d')!;
  measure.font = FONT;
  const pen = new SvgPen((text) => measure.measureText(text));
  pen.moveOrigin(LABELS, 0);
  const surface = (partHeight: number) => ({ context: pen, width, height: partHeight, scale: 1 });
  drawAxis(surface(AXIS), own.layout.base, own.view, own.layout.unit, own.palette);
  drawRowsAsVectors(pen, rows, AXIS, width, own);
  drawOverlay(surface(AXIS + height), overlayOf(own));
  pen.moveOrigin(0, 0);
  pen.fillStyle = own.palette.css.background;
  pen.fillRect(0, 0, LABELS, AXIS + height);
  drawLabels(pen, rows, AXIS, own);
  const size = `width="${LABELS + width}" height="${AXIS + height}"`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" ${size} font-family="system-ui, sans-serif" font-size="11">`,
    `<title>${escapeText(title())}</title>`,
    `<defs>${hatchPattern(own)}</defs>`,
    `<rect width="100%" height="100%" fill="${cssOf(own.palette.background)}"/>`,
    ...pen.elements,
    '</svg>',
  ].join('\n');
}

function title(): string {
  return page.layout.value?.machines.map(({ name }) => name).join(', ') ?? 'Tandem';
}

/** Events of what is shown: of the range that is measured, else of the view; only matches while there is a search. */
export async function saveCsv(): Promise<void> {
  const { start, end } = page.range.value ?? page.view.value;
  const of = page.search.value === undefined ? 'all' : 'matches';
  download(await ask({ type: 'csv', set: { of, sort: 'time', descending: false }, from: start, to: end }), 'csv');
}

function download(blob: Blob, extension: string): void {
  const link = document.createElement('a');
  const name = page.layout.value?.machines[0]?.name.replace(/\.dat$/, '') ?? 'tandem';
  link.href = URL.createObjectURL(blob);
  link.download = `${name}.${extension}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
