import { VCPU_STATE } from '../../../src/tracks/types.ts';
import type { Shares } from './shares.ts';
import { Slices } from './slices.ts';
import { TASK_CLASS } from './task-class.ts';

/**
 * Where a guest's CPU had a task to run and its host's thread was not in the guest. Made as both tracks grow, from the
 * slices that ended. Keys are the thread's states.
 */
export class Stolen {
  readonly slices = new Slices();
  #task = 0;
  #state = 0;
  #time = 0;

  /** Up to where both of them end so far. */
  grow(tasks: Shares, states: Shares): void {
    const until = Math.min(tasks.end, states.end);
    while (this.#task < tasks.length && this.#state < states.length) {
      const taskEnd = Math.min(until, tasks.endOf(this.#task));
      const stateEnd = Math.min(until, states.endOf(this.#state));
      const start = Math.max(this.#time, tasks.starts[this.#task]!, states.starts[this.#state]!);
      const end = Math.min(taskEnd, stateEnd);
      if (end > start && tasks.kinds[this.#task] === TASK_CLASS.busy && isStolen(states.kinds[this.#state]!)) {
        this.#add(start, end, states.kinds[this.#state]!);
      }
      this.#time = Math.max(this.#time, end);
      // The open slices of both end there.
      if (end >= until) return;
      if (taskEnd <= stateEnd) this.#task++;
      else this.#state++;
    }
  }

  /** A stretch that was cut by where the tracks ended goes on. */
  #add(start: number, end: number, state: number): void {
    const { slices } = this;
    const last = slices.length - 1;
    if (last >= 0 && slices.ends[last] === start && slices.keys[last] === state) slices.ends[last] = end;
    else slices.push(start, end, state);
  }
}

export function isStolen(state: number): boolean {
  return (
    state === VCPU_STATE.inHypervisor ||
    state === VCPU_STATE.preempted ||
    state === VCPU_STATE.waking ||
    state === VCPU_STATE.blocked
  );
}
