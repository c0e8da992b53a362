import { countUntil, countUntilFrom } from '../state/ascending.ts';
import type { TaskSeries } from '../state/series.ts';
import { TASK_CLASS } from '../state/task-class.ts';
import { colourOf, mixed, type Palette } from './colours.ts';
import type { Picture } from './picture.ts';

const before = new Float64Array(TASK_CLASS.count);
const after = new Float64Array(TASK_CLASS.count);

/**
 * What ran on a CPU: each pixel mixes the colour of the task at its centre with that of idling, by the exact share of
 * its time that the CPU was busy. What is after its end is left.
 */
export function paintTasks(series: TaskSeries, picture: Picture, line: number, palette: Palette): void {
  const { shares, pids } = series;
  const { starts, length, end: until } = shares;
  const { pixels, width, start, step } = picture;
  if (length === 0) return;
  const row = line * width;
  const last = Math.min(width, Math.ceil((until - start) / step));
  let x = Math.max(0, Math.floor((starts[0]! - start) / step));
  let at = Math.max(0, countUntil(starts, length, start + x * step) - 1);
  let stride = 1;
  let known = -1;
  while (x < last) {
    const edge = start + (x + 1) * step;
    const next = countUntilFrom(starts, length, edge, at, stride) - 1;
    if (next <= at) {
      const end = at + 1 < length ? starts[at + 1]! : until;
      const stop = Math.min(last, Math.max(x + 1, Math.floor((end - start) / step)));
      pixels.fill(colourOfTask(pids[at]!, palette), row + x, row + stop);
      x = stop;
      continue;
    }
    if (known !== x) shares.until(at, Math.max(edge - step, starts[0]!), before);
    shares.until(next, edge, after);
    const busy = (after[TASK_CLASS.busy]! - before[TASK_CLASS.busy]!) / step;
    const unknown = (after[TASK_CLASS.unknown]! - before[TASK_CLASS.unknown]!) / step;
    const ground = mixed(palette.unknown, palette.idle, Math.min(1, Math.max(0, unknown)));
    const pid = busyPid(pids, starts, at, next, edge - step / 2);
    // A task that ran for a moment stays visible.
    const share = busy <= 0 ? 0 : Math.min(1, 0.12 + busy * 0.88);
    pixels[row + x] = share === 0 ? ground : mixed(colourOf(palette.tasks, pid), ground, share);
    before.set(after);
    known = ++x;
    stride = next - at;
    at = next;
  }
}

function colourOfTask(pid: number, palette: Palette): number {
  if (pid > 0) return colourOf(palette.tasks, pid);
  return pid === 0 ? palette.idle : palette.unknown;
}

/** Pixels with more slices have the one in the middle by number instead of time: nobody could tell. */
const FEW = 8;

/** The task at a time, or the one beside it where the CPU idles. */
function busyPid(pids: Int32Array, starts: Float64Array, from: number, to: number, time: number): number {
  let low = to - from > FEW ? (from + to) >>> 1 : from;
  while (to - from <= FEW && low < to && starts[low + 1]! <= time) low++;
  if (pids[low]! > 0) return pids[low]!;
  if (low < to && pids[low + 1]! > 0) return pids[low + 1]!;
  return low > from && pids[low - 1]! > 0 ? pids[low - 1]! : pids[low]!;
}
