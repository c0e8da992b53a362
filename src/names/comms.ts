import { utf8 } from '../base/byte-writer.ts';

const IDLE = utf8('<idle>');
const UNKNOWN = utf8('<...>');

const TAB = 0x09;
const NEWLINE = 0x0a;
const BLANK = 0x20;
const MINUS = 0x2d;
const ZERO = 0x30;

/** Task names by pid: from the saved command lines, and learned from events that carry both. */
export class CommTable {
  readonly #names = new Map<number, Uint8Array>();
  /** All names so far, the oldest first, until one is asked for. */
  #unasked: NamedTask[] | undefined = [];

  /** The task's name; `<idle>` for pid 0, `<...>` for a pid that nothing named. */
  get(pid: number): Uint8Array {
    if (pid === 0) return IDLE;
    if (this.#unasked !== undefined) this.#settle(this.#unasked);
    return this.#names.get(pid) ?? UNKNOWN;
  }

  /** How many pids have a name: grows when one is added, so that what was looked up in vain can be tried again. */
  get size(): number {
    return this.#names.size;
  }

  has(pid: number): boolean {
    return this.#names.has(pid);
  }

  /** All pids that have a name, in the order in which they got it. */
  [Symbol.iterator](): IterableIterator<[pid: number, name: Uint8Array]> {
    return this.#names.entries();
  }

  /**
   * Names a pid. As in trace-cmd the first name stays, later ones are ignored; but of those that came before any name
   * was asked for it keeps all, and which of them is found depends on where the pid stands among the others.
   * Copies the bytes.
   */
  register(pid: number, bytes: Uint8Array, start: number, end: number): void {
    const isNew = !this.#names.has(pid);
    if (!isNew && this.#unasked === undefined) return;
    const name = bytes.slice(start, end);
    this.#unasked?.push({ pid, name });
    if (isNew) this.#names.set(pid, name);
  }

  /** Chooses among several names of a pid as trace-cmd's look-up does: it halves a list, newest names first in it. */
  #settle(unasked: NamedTask[]): void {
    this.#unasked = undefined;
    if (unasked.length === this.#names.size) return;
    const tasks = unasked.reverse().sort((a, b) => a.pid - b.pid);
    for (const [index, { pid }] of tasks.entries()) {
      if (tasks[index + 1]?.pid === pid) this.#names.set(pid, halving(tasks, pid));
    }
  }
}

interface NamedTask {
  readonly pid: number;
  readonly name: Uint8Array;
}

/** The name at the place that is met first when the list, which has the pid, is halved again and again. */
function halving(tasks: readonly NamedTask[], pid: number): Uint8Array {
  let [low, high] = [0, tasks.length];
  for (;;) {
    const middle = (low + high) >> 1;
    const task = tasks[middle] as NamedTask;
    if (task.pid === pid) return task.name;
    if (task.pid < pid) low = middle + 1;
    else high = middle;
  }
}

/**
 * Reads saved command lines: lines of `PID NAME`, names with blanks included. What comes after the first line that is
 * none is left out.
 */
export function parseCmdlines(text: Uint8Array): CommTable {
  const table = new CommTable();
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf(NEWLINE, start);
    if (end < 0) end = text.length;
    if (end > start && !registerLine(table, text, start, end)) break;
    start = end + 1;
  }
  return table;
}

/** `PID NAME` in text[start..end). False when it is something else. */
function registerLine(table: CommTable, text: Uint8Array, start: number, end: number): boolean {
  let at = skipBlanks(text, start, end);
  const isNegative = text[at] === MINUS;
  if (isNegative) at++;
  const digits = at;
  let pid = 0;
  for (; at < end; at++) {
    const digit = (text[at] as number) - ZERO;
    if (digit < 0 || digit > 9) break;
    pid = pid * 10 + digit;
  }
  const name = skipBlanks(text, at, end);
  if (at === digits || name === end) return false;
  table.register(isNegative ? -pid : pid, text, name, end);
  return true;
}

function skipBlanks(text: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (text[at] === BLANK || text[at] === TAB)) at++;
  return at;
}
