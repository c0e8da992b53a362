import type { TaskSeries } from '../state/series.ts';
import { TASK_CLASS } from '../state/task-class.ts';
import { colourOf, mixed, type Palette } from './colours.ts';
import { paintShares } from './paint-shares.ts';
import type { Picture } from './picture.ts';

const before = new Float64Array(TASK_CLASS.count);
const after = new Float64Array(TASK_CLASS.count);

/**
 * What ran on a CPU: each pixel mixes the colour of the task at its centre with that of idling, by the exact share of
 * its time that the CPU was busy. What is after its end is left.
 */
export function paintTasks(series: TaskSeries, picture: Picture, line: number, palette: Palette): void {
  const { shares, pids } = series;
  paintShares(shares, picture, line, {
    before,
    after,
    one: (slice) => colourOfTask(pids[slice]!, palette),
    several: (from, to, end) => {
      const pid = busyPid(pids, shares.starts, from, to, end - picture.step / 2);
      return mixedColour(pid, picture.step, palette);
    },
  });
}

/** By what `after` has more than `before`. */
function mixedColour(pid: number, step: number, palette: Palette): number {
  const busy = (after[TASK_CLASS.busy]! - before[TASK_CLASS.busy]!) / step;
  const unknown = (after[TASK_CLASS.unknown]! - before[TASK_CLASS.unknown]!) / step;
  const ground = mixed(palette.unknown, palette.idle, Math.min(1, Math.max(0, unknown)));
  if (busy <= 0) return ground;
  // A task that ran for a moment stays visible.
  return mixed(colourOf(palette.tasks, pid), ground, Math.min(1, 0.12 + busy * 0.88));
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
