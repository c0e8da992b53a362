import type { RecordBytes } from '../format/record.ts';
import type { CommTable } from '../names/comms.ts';
import type { TaskNames } from './types.ts';

/** Bytes of a task's name in events: four words. */
export const COMM_BYTES = 16;
const WORDS = COMM_BYTES / 4;
const FIRST_CAPACITY = 256;

const decoder = new TextDecoder();

/** What is known of a machine's tasks, by slots: the first pid that is seen gets slot 0. */
export class TaskTable {
  /** When each was woken, if it has not run since; NaN otherwise. By slot. */
  wokenAt = new Float64Array(FIRST_CAPACITY).fill(Number.NaN);
  /** Times that a name changed. */
  changes = 0;

  readonly #slots = new Map<number, number>();
  readonly #names = new Map<number, string>();
  /** Names as they lie in events, four words for each slot. */
  #words = new Int32Array(FIRST_CAPACITY * WORDS);

  constructor(saved: CommTable) {
    for (const [pid, name] of saved) this.#names.set(pid, decoder.decode(name));
  }

  slotOf(pid: number): number {
    const known = this.#slots.get(pid);
    if (known !== undefined) return known;
    const slot = this.#slots.size;
    this.#slots.set(pid, slot);
    if (slot === this.wokenAt.length) this.#grow(2 * slot);
    return slot;
  }

  #grow(length: number): void {
    const wokenAt = new Float64Array(length).fill(Number.NaN);
    wokenAt.set(this.wokenAt);
    this.wokenAt = wokenAt;
    const words = new Int32Array(length * WORDS);
    words.set(this.#words);
    this.#words = words;
  }

  /** Takes in a task's name from COMM_BYTES of a record. The idle tasks, which have one pid and many names, have none. */
  sawName(slot: number, pid: number, { view, bytes, start }: RecordBytes, offset: number): void {
    const words = this.#words;
    const at = start + offset;
    const to = slot * WORDS;
    let isSame = true;
    for (let i = 0; i < WORDS; i++) {
      const word = view.getInt32(at + 4 * i);
      if (words[to + i] === word) continue;
      words[to + i] = word;
      isSame = false;
    }
    if (isSame || pid === 0) return;
    const end = bytes.subarray(at, at + COMM_BYTES).indexOf(0);
    const name = decoder.decode(bytes.subarray(at, end < 0 ? at + COMM_BYTES : at + end));
    if (this.#names.get(pid) === name) return;
    this.#names.set(pid, name);
    this.changes++;
  }

  nameOf(pid: number): string | undefined {
    return this.#names.get(pid);
  }

  copyNames(): TaskNames {
    return new Map(this.#names);
  }
}
