/*
 * What is known of guests' clocks, once the worker has compared them.
 */
import { computed, effect, signal } from '@preact/signals';
import type { Rule } from '../../../src/proof/types.ts';
import type { ClockPicture } from '../protocol.ts';
import { countBefore } from './ascending.ts';
import { lengthText } from './exact.ts';
import { ask, NoAnswer } from './link.ts';
import * as page from './page.ts';
import { trackOf } from './track-key.ts';

/** Undefined until the worker answers. */
export const clocks = signal<readonly ClockPicture[] | undefined>(undefined);

/** Comparing reads all events once more: it is done unasked where that takes a moment. */
const FEW_EVENTS = 1_000_000;

const isWanted = computed(() => {
  const hasGuest = page.layout.value?.machines.some(({ host }) => host !== undefined) ?? false;
  const isQuick = hasGuest && page.progress.value.events < FEW_EVENTS;
  return page.stage.value === 'loaded' && (page.panel.value === 'clocks' || isQuick);
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

/** What each rule of causality is about. */
export const RULES: Readonly<Record<Rule, string>> = {
  run: 'guest events while in the guest',
  halt: 'halts and their exits',
  interrupt: 'interrupts that were injected',
  packet: 'packets sent and received',
};

/** What can't have been on a track, ascending. */
export interface Impossible {
  readonly times: Float64Array;
  readonly rules: readonly Rule[];
  readonly distances: Float64Array;
}

/** Of lanes that have any. Guests' own clocks are not those that were compared. */
export const impossible = computed<ReadonlyMap<number, Impossible>>(() => {
  const layout = page.layout.value;
  if (layout === undefined || page.settings.value.clock === 'raw') return new Map();
  const byTrack = new Map<number, ClockPicture['violations'][number][]>();
  for (const { machine, violations } of clocks.value ?? []) {
    for (const one of violations) {
      const track = one.cpu < 0 ? laneAt(machine, one.time) : trackOf(layout, 'events', machine, one.cpu);
      const known = byTrack.get(track);
      if (known === undefined) byTrack.set(track, [one]);
      else known.push(one);
    }
  }
  return new Map(
    [...byTrack].map(([track, all]) => [
      track,
      {
        times: Float64Array.from(all, ({ time }) => time),
        rules: all.map(({ rule }) => rule),
        distances: Float64Array.from(all, ({ distance }) => distance),
      },
    ]),
  );
});

/** Why what is on a lane at a time can't have been then; undefined where nothing tells so. */
export function impossibleText(track: number, time: number): string | undefined {
  const own = impossible.value.get(track);
  if (own === undefined) return undefined;
  const at = countBefore(own.times, own.times.length, time);
  if (own.times[at] !== time) return undefined;
  const off = lengthText(own.distances[at]!, page.layout.value?.unit ?? 'ns');
  return `can't have been then (${RULES[own.rules[at]!]}): off by ${off} at least`;
}

/** The lane of a machine that has an event at a time; -1: none has. */
export function laneAt(machine: number, time: number): number {
  const { tracks } = page.layout.value ?? { tracks: [] };
  return tracks.findIndex((track, place) => {
    const series = page.series.value[place];
    if (track.machine !== machine || series?.kind !== 'events') return false;
    const at = countBefore(series.times, series.length, time);
    return at < series.length && series.times[at] === time;
  });
}
