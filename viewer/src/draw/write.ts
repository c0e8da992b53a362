/*
 * What is drawn over a strip's pixels: names on wide slices, ticks of matches, the +/- of uncertain events, and a frame
 * around what is selected.
 */
import { countBefore } from '../state/ascending.ts';
import { isSameTask, spanOf } from '../state/item.ts';
import type { Item } from '../state/page.ts';
import type { Row, Strip } from '../state/rows.ts';
import type { EventSeries } from '../state/series.ts';
import { colourOf, cssOf } from './colours.ts';
import { eachWide, writeBetween } from './labels.ts';
import type { Pen } from './pen.ts';
import type { Scene } from './scene.ts';
import { stateText, taskAndPid, taskStateText, taskText } from './words.ts';

/** Least distance of events that get whiskers, and half the width of one that is wider than a pixel: CSS pixels. */
const WHISKER_ROOM = 10;
const WHISKER_LEAST = 0.5;
/** Whiskers that are wide enough for it have ends. */
const WHISKER_ENDS = 2;
/** Half the size of what marks an impossible event. */
const CROSS = 3;

export function writeStrip(context: Pen, strip: Strip, row: Row, y: number, width: number, scene: Scene): void {
  const middle = y + strip.height / 2 + 0.5;
  if (strip.height >= 12) writeNames(context, strip, row, middle, width, scene);
  const own = scene.series[strip.track];
  if (strip.kind === 'events' && own?.kind === 'events') {
    tickMatches(context, own, strip, y, width, scene);
    drawWhiskers(context, own, strip, middle, width, scene);
    crossImpossible(context, strip, middle, width, scene);
  }
  frameSelection(context, strip, y, width, scene);
}

function writeNames(context: Pen, strip: Strip, row: Row, y: number, width: number, scene: Scene): void {
  const { view, palette } = scene;
  context.fillStyle = palette.css.onSlice;
  const write = (text: string, left: number, right: number, ground?: string) =>
    writeBetween(context, text, left, right, y, ground);
  if (strip.kind === 'task') {
    const states = scene.taskRows[strip.track]?.series;
    if (states === undefined) return;
    const { shares, cpus } = states;
    eachWide(shares, view, width, (at, left, right) => write(taskStateText(shares.kinds[at]!, cpus[at]!), left, right));
    return;
  }
  const own = scene.series[strip.track];
  if (own?.kind === 'tasks') {
    const isHatched = own.stolen.length > 0;
    eachWide(own.shares, view, width, (at, left, right) => {
      const pid = own.pids[at]!;
      if (pid <= 0) return;
      const ground = isHatched ? cssOf(colourOf(palette.tasks, pid)) : undefined;
      write((right - left > 110 ? taskAndPid : taskText)(scene, row.machine, pid), left, right, ground);
    });
  } else if (own?.kind === 'vcpu') {
    const track = scene.layout.tracks[strip.track];
    const host = track?.kind === 'vcpu' ? track.host : row.machine;
    const { kinds } = own.shares;
    eachWide(own.shares, view, width, (at, left, right) =>
      write(stateText(scene, host, kinds[at]!, own.details[at]!), left, right),
    );
  } else if (own?.kind === 'calls') {
    const slices = own.levels[strip.level];
    if (slices === undefined) return;
    eachWide(slices, view, width, (at, left, right) =>
      write(scene.names.functions[slices.keys[at]!] ?? '', left, right),
    );
  }
}

function tickMatches(
  context: Pen,
  { times }: EventSeries,
  { track, height }: Strip,
  y: number,
  width: number,
  { matches, view, palette }: Scene,
): void {
  const places = matches?.get(track);
  if (places === undefined) return;
  context.fillStyle = palette.css.match;
  const scale = width / (view.end - view.start);
  let at = firstMatch(places, times, view.start);
  let last = -2;
  for (; at < places.length; at++) {
    const x = Math.round((times[places[at]!]! - view.start) * scale);
    if (x > width) return;
    if (x < last + 2) {
      // On to the first one beyond this tick.
      at = firstMatch(places, times, view.start + (last + 2) / scale) - 1;
      continue;
    }
    context.fillRect(x - 1, y, 2, height);
    context.fillRect(x - 2.5, y, 5, 3);
    last = x;
  }
}

function firstMatch(places: Uint32Array, times: Float64Array, time: number): number {
  let low = 0;
  let high = places.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[places[middle]!]! < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function drawWhiskers(
  context: Pen,
  { times, length }: EventSeries,
  { track }: Strip,
  y: number,
  width: number,
  scene: Scene,
): void {
  const { view, palette } = scene;
  const scale = width / (view.end - view.start);
  const first = countBefore(times, length, view.start);
  const count = countBefore(times, length, view.end) - first;
  if (count * WHISKER_ROOM > width) return;
  context.strokeStyle = palette.css.text;
  context.lineWidth = 1;
  for (let at = first; at < first + count; at++) {
    const size = scene.bound(track, times[at]!) * scale;
    if (!(size > WHISKER_LEAST)) continue;
    const x = (times[at]! - view.start) * scale;
    context.beginPath();
    context.moveTo(x - size, y);
    context.lineTo(x + size, y);
    for (const end of size < WHISKER_ENDS ? [] : [x - size, x + size]) {
      context.moveTo(end, y - 3);
      context.lineTo(end, y + 3);
    }
    context.stroke();
  }
}

/** Crosses on events that can't have been when they say; of those in one place, one. */
function crossImpossible(context: Pen, { track }: Strip, y: number, width: number, scene: Scene): void {
  const own = scene.impossible.get(track);
  if (own === undefined) return;
  const { view, palette } = scene;
  const { times } = own;
  const scale = width / (view.end - view.start);
  context.strokeStyle = palette.css.bad;
  context.lineWidth = 2;
  context.beginPath();
  let last = Number.NEGATIVE_INFINITY;
  for (let at = countBefore(times, times.length, view.start - CROSS / scale); at < times.length; at++) {
    const x = (times[at]! - view.start) * scale;
    if (x > width + CROSS) break;
    if (x < last + CROSS) continue;
    last = x;
    context.moveTo(x - CROSS, y - CROSS);
    context.lineTo(x + CROSS, y + CROSS);
    context.moveTo(x - CROSS, y + CROSS);
    context.lineTo(x + CROSS, y - CROSS);
  }
  context.stroke();
}

function isOnStrip({ track, task }: Item, strip: Strip, { taskRows }: Scene): boolean {
  if (strip.kind !== 'task') return track === strip.track;
  const row = taskRows[strip.track];
  return task !== undefined && row !== undefined && isSameTask(row, task);
}

function frameSelection(context: Pen, strip: Strip, y: number, width: number, scene: Scene): void {
  const { selection, view, palette } = scene;
  if (selection === undefined || !isOnStrip(selection, strip, scene)) return;
  const own = strip.kind === 'task' ? scene.taskRows[strip.track]?.series : scene.series[strip.track];
  if (own === undefined || (own.kind === 'calls' && selection.level !== strip.level)) return;
  const { start, end } = spanOf(own, selection);
  const scale = width / (view.end - view.start);
  const left = Math.max(-3, (start - view.start) * scale);
  const right = Math.min(width + 3, Math.max((end - view.start) * scale, left + 3));
  if (right < 0 || left > width) return;
  context.strokeStyle = palette.css.text;
  context.lineWidth = 2;
  context.strokeRect(left, y + 1, right - left, strip.height - 2);
}
