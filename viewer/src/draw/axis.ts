/*
 * The time axis: ticks at round times, exact at any zoom. A tick shows what changes (`+312.5 µs`); where the part that
 * ticks share changes, and at the left edge, stands the time in full.
 */
import { exactTime, type Unit } from '../state/exact.ts';
import type { Span } from '../state/page.ts';
import type { Palette } from './colours.ts';
import type { Surface } from './frame.ts';
import { textWidth } from './labels.ts';
import type { Pen } from './pen.ts';

export interface Tick {
  /** Relative. */
  readonly time: number;
  readonly text: string;
  /** It has the whole time, not only what changes. */
  readonly isFull: boolean;
}

/** CSS pixels between ticks, at least: what a tick's text needs. */
const ROOM = { ns: 90, ticks: 140 } as const;

/** Ticks at multiples of 1, 2 or 5 times a power of ten of units. */
export function ticksOf(base: bigint, view: Span, width: number, unit: Unit): { ticks: Tick[]; step: number } {
  const step = Number(stepOf(((view.end - view.start) * ROOM[unit]) / Math.max(1, width)));
  const wide = BigInt(step);
  const start = base + BigInt(Math.ceil(view.start));
  let stamp = ((start + wide - 1n) / wide) * wide;
  const ticks: Tick[] = [];
  for (;;) {
    const time = Number(stamp - base);
    if (time > view.end || ticks.length > 500) break;
    ticks.push({ time, ...tickText(stamp, step, unit) });
    stamp += wide;
  }
  return { ticks, step };
}

function stepOf(least: number): bigint {
  let step = 1n;
  for (;;) {
    for (const factor of [1n, 2n, 5n]) if (Number(step * factor) >= least) return step * factor;
    step *= 10n;
  }
}

const UNITS: readonly (readonly [number, string])[] = [
  [1e9, 's'],
  [1e6, 'ms'],
  [1e3, 'µs'],
  [1, 'ns'],
];

/** Steps below a unit are told as a part of the next larger one: 100 ns as 0.1 µs. */
function tickText(stamp: bigint, step: number, unit: Unit): Pick<Tick, 'text' | 'isFull'> {
  if (unit === 'ticks') return { text: String(stamp), isFull: true };
  const [scale, name] = UNITS.find(([size]) => step >= size) ?? UNITS[3]!;
  const digits = Math.max(0, 9 - Math.floor(Math.log10(step)));
  if (scale === 1e9) return { text: `${exactTime(stamp, 0, unit).split('.')[0]} s`, isFull: false };
  const period = BigInt(scale * 1000);
  const rest = stamp % period;
  if (rest === 0n) {
    const shared = Math.max(0, 9 - Math.round(Math.log10(Number(period))));
    const text = exactTime(stamp, 0, unit);
    return { text: `${text.slice(0, text.length - 9 + Math.min(shared, digits)).replace(/\.$/, '')} s`, isFull: true };
  }
  return { text: `+${rest / BigInt(scale)} ${name}`, isFull: false };
}

export function drawAxis(
  { context, width, height, scale }: Surface<Pen>,
  base: bigint,
  view: Span,
  unit: Unit,
  palette: Palette,
): void {
  context.setTransform(scale, 0, 0, scale, 0, 0);
  context.clearRect(0, 0, width, height);
  context.font = '11px system-ui, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
  context.textBaseline = 'middle';
  const { ticks, step } = ticksOf(base, view, width, unit);
  const perUnit = width / (view.end - view.start);
  context.fillStyle = palette.css.line;
  for (let minor = 1; minor < 5; minor++) {
    for (const { time } of ticks) {
      const x = (time + (step * minor) / 5 - view.start) * perUnit;
      context.fillRect(Math.round(x), height - 4, 1, 4);
    }
  }
  for (const { time, text, isFull } of ticks) {
    const x = Math.round((time - view.start) * perUnit);
    context.fillStyle = palette.css.faint;
    context.fillRect(x, height - 8, 1, 8);
    context.fillStyle = isFull ? palette.css.text : palette.css.faint;
    const left = x + 4;
    if (left + textWidth(context, text) < width) context.fillText(text, left, height - 12);
  }
}
