import type { InterruptColumns, TaskColumns } from './types.ts';

/** What a guest's CPU did, as it recorded that itself. */
export interface GuestWork {
  readonly tasks: TaskColumns | undefined;
  readonly interrupts: InterruptColumns | undefined;
}

/**
 * Says of ascending intervals in which parts of them a guest's CPU had something to do: a task ran or an interrupt was
 * handled. Where its tasks are not known, it had.
 */
export class WorkFollower {
  #tasks: TaskColumns | undefined;
  #interrupts: InterruptColumns | undefined;
  // Places of the first slices that may reach into what comes.
  #task = 0;
  #interrupt = 0;

  /** What is followed, before anything else; the same later on, when more of it is known. */
  look({ tasks, interrupts }: GuestWork): void {
    this.#tasks = tasks?.starts.length ? tasks : undefined;
    this.#interrupts = interrupts;
  }

  /** Calls `part` for parts of an interval, in order, without gaps. */
  follow(from: number, to: number, part: (from: number, to: number, isBusy: boolean) => void): void {
    const tasks = this.#tasks;
    if (tasks === undefined) {
      part(from, to, true);
      return;
    }
    const { starts, pids } = tasks;
    while (this.#task + 1 < starts.length && (starts[this.#task + 1] as number) <= from) this.#task++;
    const known = Math.min(Math.max(starts[this.#task] as number, from), to);
    if (known > from) part(from, known, true);
    for (let [place, at] = [this.#task, known]; at < to; place++) {
      const end = place + 1 < starts.length ? Math.min(starts[place + 1] as number, to) : to;
      if (pids[place] === 0) this.#followIdle(at, end, part);
      else if (end > at) part(at, end, true);
      at = end;
    }
  }

  /** While the idle task runs, interrupts are what there is to do. */
  #followIdle(from: number, to: number, part: (from: number, to: number, isBusy: boolean) => void): void {
    const interrupts = this.#interrupts;
    let at = from;
    if (interrupts !== undefined) {
      const { starts, ends } = interrupts;
      while (this.#interrupt < starts.length && (ends[this.#interrupt] as number) <= from) this.#interrupt++;
      for (let place = this.#interrupt; place < starts.length && (starts[place] as number) < to; place++) {
        const start = Math.max(starts[place] as number, at);
        const end = Math.min(ends[place] as number, to);
        if (end <= start) continue;
        if (start > at) part(at, start, false);
        part(start, end, true);
        at = end;
      }
    }
    if (to > at) part(at, to, false);
  }
}
