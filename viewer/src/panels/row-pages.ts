import { signal } from '@preact/signals';
import type { Row, RowSet } from '../protocol.ts';
import { ask, NoAnswer } from '../state/link.ts';

const PAGE = 100;
const MOST_PAGES = 60;

/** Rows of one set that were asked for, by pages. */
export class RowPages {
  readonly total = signal(0);
  /** Counts pages that came. */
  readonly arrived = signal(0);
  readonly #set: RowSet;
  readonly #pages = new Map<number, readonly Row[] | undefined>();

  constructor(set: RowSet) {
    this.#set = set;
  }

  at(index: number): Row | undefined {
    return this.#pages.get(Math.floor(index / PAGE))?.[index % PAGE];
  }

  /** Where an event is among the rows that are here. */
  indexOf(track: number, event: number): number | undefined {
    for (const [number, rows] of this.#pages) {
      const place = rows?.findIndex((row) => row.track === track && row.event === event) ?? -1;
      if (place >= 0) return number * PAGE + place;
    }
    return undefined;
  }

  /** Asks for what is missing of some rows. */
  need(first: number, count: number): void {
    const last = Math.floor((first + count) / PAGE);
    for (let number = Math.floor(first / PAGE); number <= last; number++) {
      if (!this.#pages.has(number)) void this.#fetch(number);
    }
  }

  async #fetch(number: number): Promise<void> {
    this.#pages.set(number, undefined);
    try {
      const { rows, total } = await ask({ type: 'rows', set: this.#set, from: number * PAGE, count: PAGE });
      this.#pages.set(number, rows);
      this.#forget();
      this.total.value = total;
      this.arrived.value++;
    } catch (error) {
      this.#pages.delete(number);
      if (!(error instanceof NoAnswer)) throw error;
    }
  }

  /** The pages that were asked for first. */
  #forget(): void {
    for (const number of this.#pages.keys()) {
      if (this.#pages.size <= MOST_PAGES) return;
      this.#pages.delete(number);
    }
  }
}
