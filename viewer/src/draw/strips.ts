/*
 * Which painter fills which strip, and how many lines of pixels it takes.
 */
import { VCPU_STATE } from '../../../src/tracks/types.ts';
import type { Strip } from '../state/rows.ts';
import { trackOf } from '../state/track-key.ts';
import type { Palette } from './colours.ts';
import { hatchStolen } from './hatch.ts';
import { paintEvents } from './paint-events.ts';
import { paintSlices } from './paint-slices.ts';
import { paintStates } from './paint-states.ts';
import { paintTasks } from './paint-tasks.ts';
import type { Picture } from './picture.ts';
import type { Scene } from './scene.ts';

/** Strips whose lines differ have as many as they are high; others one, which is stretched. `scale`: pixels per CSS pixel. */
export function linesOf(strip: Strip, { series }: Scene, scale: number): number {
  if (strip.kind === 'events') return Math.round(strip.height * scale);
  const own = series[strip.track];
  const isHatched = strip.kind === 'tasks' && own?.kind === 'tasks' && own.stolen.length > 0;
  return isHatched ? Math.round(strip.height * scale) : 1;
}

/** Fills `lines` lines; they hold the background before. */
export function paintStrip(strip: Strip, scene: Scene, picture: Picture, line: number, lines: number): void {
  const { palette } = scene;
  if (strip.kind === 'task') {
    const states = scene.taskRows[strip.track]?.series;
    if (states !== undefined) paintStates(states, picture, line, taskColours(palette));
    return;
  }
  const own = scene.series[strip.track];
  if (own === undefined) return;
  switch (own.kind) {
    case 'events':
      paintEvents(own, picture, line, lines, palette, !hasTasks(strip.track, scene));
      return;
    case 'tasks':
      paintTasks(own, picture, line, palette);
      if (lines > 1) hatchStolen(own.stolen, picture, line, lines, palette);
      return;
    case 'vcpu':
      paintStates(own, picture, line, palette.states);
      return;
    case 'interrupts':
      // The inner ones lie over those that they interrupted.
      for (const level of own.levels) paintSlices(level, picture, line, palette.interrupts);
      return;
    case 'calls': {
      const level = own.levels[strip.level];
      if (level !== undefined) paintSlices(level, picture, line, palette.tasks);
    }
  }
}

/** Whether the CPU of a track has one that tells who ran. */
function hasTasks(place: number, { layout, series }: Scene): boolean {
  const { machine, cpu } = layout.tracks[place]!;
  const own = series[trackOf(layout, 'tasks', machine, cpu)];
  return own?.kind === 'tasks' && own.shares.length > 1;
}

const sleeping = new WeakMap<Palette, Uint32Array>();

/** A task of its own runs, waits or sleeps. */
function taskColours(palette: Palette): Uint32Array {
  let colours = sleeping.get(palette);
  if (colours === undefined) {
    colours = palette.states.slice();
    colours[VCPU_STATE.blocked] = palette.idle;
    sleeping.set(palette, colours);
  }
  return colours;
}
