import { utf8 } from '../base/byte-writer.ts';

const IDLE = utf8('<idle>');
const UNKNOWN = utf8('<...>');

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

  /** Names a pid. The first name stays, as in trace-cmd: later ones are ignored. Copies the bytes. */
  register(pid: number, bytes: Uint8Array, start: number, end: number): void {
    if (!this.#names.has(pid)) this.#names.set(pid, bytes.slice(start, end));
  }
}
