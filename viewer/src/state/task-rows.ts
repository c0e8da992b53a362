import { batch } from '@preact/signals';
import { isSameTask } from './item.ts';
import { ask, NoAnswer } from './link.ts';
import * as page from './page.ts';
import { append, emptyStates } from './series.ts';
import { sought } from './sought.ts';
import { taskKey } from './track-key.ts';

/** Gives a task a row of its own, on its machine. */
export async function openTask(machine: number, pid: number): Promise<void> {
  const layout = page.layout.value;
  if (layout === undefined) return;
  sought.value = { key: taskKey(layout, machine, pid) };
  if (page.taskRows.value.some((task) => isSameTask(task, { machine, pid }))) return;
  page.taskRows.value = [...page.taskRows.value, { machine, pid, series: undefined }];
  try {
    const { starts, states, cpus } = await ask({ type: 'task', machine, pid });
    const series = emptyStates();
    series.shares.end = layout.end;
    append(series, { starts, states, cpus, details: new Int32Array(starts.length).fill(-1) });
    page.taskRows.value = page.taskRows.value.map((task) =>
      isSameTask(task, { machine, pid }) ? { ...task, series } : task,
    );
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    closeTask(machine, pid);
    if (!error.isStale) page.warnings.value = [...page.warnings.value, error.message];
  }
}

export function closeTask(machine: number, pid: number): void {
  const isOther = (task: page.Task) => !isSameTask(task, { machine, pid });
  batch(() => {
    page.taskRows.value = page.taskRows.value.filter(isOther);
    const selected = page.selection.value?.task;
    if (selected !== undefined && !isOther(selected)) page.selection.value = undefined;
  });
}
