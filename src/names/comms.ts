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

  /** The task's name; `<idle>` for pid 0, `<...>` for a pid that nothing named. */
  get(pid: number): Uint8Array {
    return pid === 0 ? IDLE : (this.#names.get(pid) ?? UNKNOWN);
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

  /** Names a pid. The first name stays, as in trace-cmd: later ones are ignored. Copies the bytes. */
  register(pid: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#names.has(pid)) this.#names.set(pid, bytes.slice(start, end));
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
