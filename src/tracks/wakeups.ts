import type { TaskTable } from './task-table.ts';

/** A task's way from being woken to running, on one CPU. */
export interface Wakeup {
  readonly pid: number;
  readonly cpu: number;
  readonly start: number;
  readonly end: number;
}

/** How many of a machine's longest are kept. */
const MOST_KEPT = 50;

/** The longest times that tasks of a machine waited to run after they were woken. */
export class Wakeups {
  readonly #tasks: TaskTable;
  /** The shortest first. */
  readonly #kept: Wakeup[] = [];

  constructor(tasks: TaskTable) {
    this.#tasks = tasks;
  }

  /** The first time counts where it is woken twice. */
  woken(time: number, slot: number): void {
    const { wokenAt } = this.#tasks;
    if (Number.isNaN(wokenAt[slot])) wokenAt[slot] = time;
  }

  /** A task left its CPU: it has run, whatever woke it. */
  left(slot: number): void {
    this.#tasks.wokenAt[slot] = Number.NaN;
  }

  ran(time: number, cpu: number, pid: number, slot: number): void {
    const { wokenAt } = this.#tasks;
    const start = wokenAt[slot] as number;
    wokenAt[slot] = Number.NaN;
    const kept = this.#kept;
    if (kept.length === MOST_KEPT) {
      const shortest = kept[0] as Wakeup;
      if (!(time - start > shortest.end - shortest.start)) return;
      kept[0] = { pid, cpu, start, end: time };
    } else if (start <= time) kept.push({ pid, cpu, start, end: time });
    else return;
    // Small and rarely changed: only records get here.
    kept.sort((a, b) => a.end - a.start - (b.end - b.start));
  }

  /** Events of the machine are missing: who was woken before may have run since. */
  lost(): void {
    this.#tasks.wokenAt.fill(Number.NaN);
  }

  /** The longest first. */
  get worst(): readonly Wakeup[] {
    return [...this.#kept].reverse();
  }
}
