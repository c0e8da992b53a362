import { utf8 } from '../base/byte-writer.ts';

/**
 * The filter that `--pid` and `--comm` stand for: events of these tasks, about them, and switches to them.
 * Undefined for no pids. The pids are put in as they are: what is no number makes a filter that can't be parsed.
 */
export function pidFilterText(pids: readonly string[]): string | undefined {
  if (pids.length === 0) return undefined;
  return `.*:${pids.map((pid) => `(common_pid==${pid})||(pid==${pid})||(next_pid==${pid})`).join('||')}`;
}

/** The pids in the arguments of several `--pid`, in the order in which trace-cmd puts them into its filter. */
export function splitList(texts: Iterable<string>): string[] {
  return [...texts].flatMap((text) => text.split(',').filter((item) => item !== '')).reverse();
}

/** What `--comm` found: the pids that had one of the names, and the names that none had. */
export interface CommPids {
  readonly pids: readonly string[];
  readonly unknown: readonly string[];
}

/** Looks up the tasks that had one of these names when the recording ended. `saved` is in file order. */
export function pidsOfComms(
  names: readonly string[],
  saved: Iterable<readonly [pid: number, name: Uint8Array]>,
): CommPids {
  const tasks = [...saved].reverse();
  const unknown: string[] = [];
  const pids: string[] = [];
  for (const name of names) {
    const bytes = utf8(name);
    const found = tasks.filter((task) => equalBytes(task[1], bytes));
    if (found.length === 0) unknown.push(name);
    pids.push(...found.map(([pid]) => String(pid)));
  }
  return { pids: pids.reverse(), unknown };
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
