import type { TextVersion } from '../format/environment.ts';
import type { EventFormat } from '../format/event-format.ts';

/**
 * Lets stack traces follow the events they belong to through a filter: a kernel_stack or user_stack that no filter
 * names passes if the last record that passed on its CPU may have one. Records that did not pass are not remembered,
 * so the stack of one of those passes as well. 3.4 lets one stack follow, 3.1 any number.
 *
 * The memory is by CPU number and shared by all buffers of a file, as in trace-cmd: ask for them in merged order.
 */
export class StackFollower {
  readonly #kernelStack: number | undefined;
  readonly #userStack: number | undefined;
  readonly #stacksFollowStacks: boolean;
  readonly #lastPassed: boolean[] = [];

  constructor(events: Iterable<EventFormat>, version: TextVersion) {
    const ids = new Map<string, number>();
    for (const event of events) if (event.system === 'ftrace') ids.set(event.name, event.id);
    this.#kernelStack = ids.get('kernel_stack');
    this.#userStack = ids.get('user_stack');
    this.#stacksFollowStacks = version === '3.1';
  }

  /** Whether records with this id can be stacks of others. */
  mayFollow(eventId: number): boolean {
    return eventId === this.#kernelStack || eventId === this.#userStack;
  }

  /** Whether a record that no filter wants passes because it is the stack of the one before. */
  follows(eventId: number, cpu: number): boolean {
    return this.mayFollow(eventId) && this.#lastPassed[cpu] === true;
  }

  /** Remembers a record that a filter wanted or that followed one: whether it passed the exclusions too. */
  note(cpu: number, passed: boolean, followed: boolean): void {
    this.#lastPassed[cpu] = passed && (this.#stacksFollowStacks || !followed);
  }
}
