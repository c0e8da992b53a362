import { CallRows } from './columns.ts';
import { UNKNOWN_PID } from './types.ts';

const FRAMES = 64;

/** Functions that a task was in when it left a CPU, the outermost first. */
class SuspendedStack {
  depths = new Uint8Array(FRAMES);
  functions = new Uint32Array(FRAMES);
  length = 0;

  save(rows: CallRows): void {
    const length = rows.openCount;
    if (length > this.depths.length) {
      this.depths = new Uint8Array(2 * length);
      this.functions = new Uint32Array(2 * length);
    }
    for (let place = 0; place < length; place++) {
      this.depths[place] = rows.openDepth(place);
      this.functions[place] = rows.openFunction(place);
    }
    this.length = length;
  }
}

/** Functions that a machine's tasks are in while they don't run, by pid. */
export type SuspendedCalls = Map<number, SuspendedStack>;

/**
 * Calls on a CPU. Depths count per task: where another one goes on, what the last one was in ends here, and begins
 * again where that task goes on. A call whose return is missing ends with the next event that is not within it.
 */
export class CpuCalls {
  readonly rows = new CallRows();
  readonly #suspended: SuspendedCalls;
  /** The idle tasks of all CPUs have one pid. */
  readonly #idle = new SuspendedStack();
  #pid = UNKNOWN_PID;

  constructor(suspended: SuspendedCalls) {
    this.#suspended = suspended;
  }

  entered(time: number, pid: number, depth: number, name: number): void {
    this.#goTo(time, pid, depth);
    this.rows.call(time, depth, name);
  }

  returned(time: number, pid: number, depth: number): void {
    this.#goTo(time, pid, depth);
  }

  /** Events are missing from a time on. */
  lost(time: number): void {
    this.stopped(time);
    this.#pid = UNKNOWN_PID;
    this.#idle.length = 0;
    this.#suspended.clear();
  }

  stopped(time: number): void {
    this.rows.closeFrom(0, time);
  }

  /** Leaves open what a task is in above a depth. */
  #goTo(time: number, pid: number, depth: number): void {
    const { rows } = this;
    if (pid !== this.#pid) {
      this.#switchTo(time, pid, depth);
      return;
    }
    let place = rows.openCount;
    while (place > 0 && rows.openDepth(place - 1) >= depth) place--;
    rows.closeFrom(place, time);
  }

  #switchTo(time: number, pid: number, depth: number): void {
    const { rows } = this;
    this.#stackOf(this.#pid, rows.openCount > 0)?.save(rows);
    rows.closeFrom(0, time);
    this.#pid = pid;
    const stack = this.#stackOf(pid, false);
    if (stack === undefined) return;
    const { length, depths, functions } = stack;
    for (let i = 0; i < length && (depths[i] as number) < depth; i++)
      rows.call(time, depths[i] as number, functions[i] as number);
  }

  #stackOf(pid: number, isNeeded: boolean): SuspendedStack | undefined {
    if (pid === 0) return this.#idle;
    let stack = this.#suspended.get(pid);
    if (stack === undefined && isNeeded) {
      stack = new SuspendedStack();
      this.#suspended.set(pid, stack);
    }
    return stack;
  }
}
