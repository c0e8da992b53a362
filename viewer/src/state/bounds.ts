/*
 * How certain guests' times are, along the recording: from the samples of their clocks.
 */
import { computed, effect, signal } from '@preact/signals';
import type { ClockPicture } from '../protocol.ts';
import { countUntil } from './ascending.ts';
import { ask, NoAnswer } from './link.ts';
import * as page from './page.ts';

/** Undefined until the worker answers. */
export const clocks = signal<readonly ClockPicture[] | undefined>(undefined);

/** Views shorter than this, in units, may have events that are wider than a pixel by their +/-. */
const SHORT = 1_000_000;

/** What tells of clocks takes the worker a while: it is asked for once it is needed. */
const isWanted = computed(() => {
  const { start, end } = page.view.value;
  const hasGuest = page.layout.value?.machines.some(({ host }) => host !== undefined) ?? false;
  return page.stage.value === 'loaded' && (page.panel.value === 'clocks' || (hasGuest && end - start < SHORT));
});

export function followClocks(): void {
  let asked: unknown;
  effect(() => {
    const layout = page.layout.value;
    if (asked !== layout) clocks.value = undefined;
    if (!isWanted.value || asked === layout) return;
    asked = layout;
    ask({ type: 'clocks' }).then(
      (answer) => {
        if (page.layout.peek() === layout) clocks.value = answer;
      },
      (error: unknown) => {
        if (!(error instanceof NoAnswer)) throw error;
        if (!error.isStale) page.warnings.value = [...page.warnings.peek(), error.message];
      },
    );
  });
}

/** The +/- of a time on a track, from the samples around it; NaN where nothing tells. */
export const boundAt = computed(() => {
  const layout = page.layout.value;
  const pictures = clocks.value ?? [];
  return (place: number, time: number): number => {
    const track = layout?.tracks[place];
    const cpu = pictures.find(({ machine }) => machine === track?.machine)?.cpus.find(({ cpu }) => cpu === track?.cpu);
    if (cpu === undefined || cpu.times.length === 0) return Number.NaN;
    const at = countUntil(cpu.times, cpu.times.length, time);
    const [left, right] = [Math.max(0, at - 1), Math.min(cpu.times.length - 1, at)];
    const width = cpu.times[right]! - cpu.times[left]!;
    const part = width > 0 ? (time - cpu.times[left]!) / width : 0;
    return cpu.bounds[left]! + (cpu.bounds[right]! - cpu.bounds[left]!) * part;
  };
});
