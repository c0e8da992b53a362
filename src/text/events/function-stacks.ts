import type { KernelSymbol } from '../../names/symbols.ts';

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

const sameName = (a: KernelSymbol, b: KernelSymbol) => a === b || sameBytes(a.name.bytes, b.name.bytes);

/**
 * How deep in calls each CPU of a function trace is, guessed from who called whom: a function is one level
 * below its caller, if that one is known on this CPU. What lies below the guessed level is not forgotten,
 * so that returns, which the tracer doesn't record, need no event.
 */
export class FunctionStacks {
  readonly #stacks: KernelSymbol[][] = [];

  /** The level of a function that `parent` called; remembers `child`, if it is known, as the level below. */
  enter(cpu: number, parent: KernelSymbol, child: KernelSymbol | undefined): number {
    let stack = this.#stacks[cpu];
    if (stack === undefined) {
      stack = [];
      this.#stacks[cpu] = stack;
    }
    let level = 0;
    while (level < stack.length && !sameName(parent, stack[level] as KernelSymbol)) level++;
    if (level === stack.length) {
      level = 0;
      stack[0] = parent;
    }
    if (child !== undefined) stack[level + 1] = child;
    return level;
  }
}
