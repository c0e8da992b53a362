import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { initWasm, Resvg } from '@resvg/resvg-wasm';
import { TandemError } from '../base/errors.ts';

/** Where systems keep fonts, and which ones are taken, the first that is there. */
const FOLDERS = [
  '/usr/share/fonts',
  '/usr/local/share/fonts',
  join(homedir(), '.fonts'),
  '/Library/Fonts',
  '/System/Library/Fonts',
];
const FONTS = [
  /^DejaVuSans\.ttf$/,
  /^LiberationSans-Regular\.ttf$/,
  /^NotoSans-Regular\.ttf$/,
  /^Arial\.ttf$/i,
  /\.(ttf|otf)$/i,
];
/** Pixels per unit of the SVG. */
const ZOOM = 1.5;

let loading: Promise<void> | undefined;

/** Draws an SVG picture as PNG. Its texts need a font of this machine. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  const font = findFont();
  if (font === undefined) {
    const hint = 'write .svg instead, or install a font, such as the package fonts-dejavu-core';
    throw new TandemError('NOT_FOUND', 'PNG', 'there is no TrueType font for its texts', hint);
  }
  loading ??= initWasm(readFileSync(createRequire(import.meta.url).resolve('@resvg/resvg-wasm/index_bg.wasm')));
  await loading;
  const resvg = new Resvg(svg, {
    font: { fontBuffers: [readFileSync(font)], loadSystemFonts: false },
    fitTo: { mode: 'zoom', value: ZOOM },
  });
  return resvg.render().asPng();
}

function findFont(): string | undefined {
  const paths = FOLDERS.flatMap((folder) => filesIn(folder).map((name) => join(folder, name)));
  for (const wanted of FONTS) {
    const found = paths.find((path) => wanted.test(path.slice(path.lastIndexOf('/') + 1)));
    if (found !== undefined) return found;
  }
  return undefined;
}

function filesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  } catch {
    return [];
  }
}
