import { InterruptRows, TaskRows } from './columns.ts';
import type { InterruptNames } from './names.ts';
import { UNKNOWN_PID } from './types.ts';

/** What runs on a CPU. */
export class CpuTasks {
  readonly rows = new TaskRows();
  /** Who runs now. */
  pid = UNKNOWN_PID;
  /** The first event: until the first switch tells, nobody knows whether switches are recorded at all. */
  #firstTime = Number.NaN;

  begins(time: number): void {
    if (Number.isNaN(this.#firstTime)) this.#firstTime = time;
  }

  /** The first event after a loss, recorded while a task ran. */
  resumes(time: number, pid: number): void {
    if (this.rows.length === 0) this.#firstTime = time;
    else this.#set(time, pid);
  }

  switched(time: number, previous: number, next: number): void {
    if (this.rows.length === 0) {
      const since = this.#firstTime;
      if (since < time) this.#set(since, previous);
    }
    this.#set(time, next);
  }

  /** Events are missing from a time on. */
  lost(time: number): void {
    this.#firstTime = Number.NaN;
    if (this.rows.length > 0) this.#set(time, UNKNOWN_PID);
  }

  #set(time: number, pid: number): void {
    if (pid === this.pid && this.rows.length > 0) return;
    this.pid = pid;
    this.rows.push(Math.max(time, this.rows.lastStart), pid);
  }
}

/** Interrupts that a CPU handles. */
export class CpuInterrupts {
  readonly rows = new InterruptRows();
  readonly #keys: readonly number[];

  constructor(names: InterruptNames) {
    this.#keys = names.keys;
  }

  entered(time: number, name: number): void {
    this.left(time, this.#keys[name] as number);
    this.rows.enter(time, name);
  }

  /** The innermost one with that key ends, and what is in it. */
  left(time: number, key: number): void {
    const { rows } = this;
    for (let place = rows.openCount - 1; place >= 0; place--) {
      if (this.#keys[rows.openName(place)] !== key) continue;
      rows.closeFrom(place, time);
      return;
    }
  }

  /** Nothing of it goes on: another task runs, or events are missing. */
  stopped(time: number): void {
    this.rows.closeFrom(0, time);
  }
}
