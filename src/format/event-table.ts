import { TandemError } from '../base/errors.ts';
import type { EventFormat } from './event-format.ts';
import type { FormatOptions } from './format-options.ts';
import { parseEventFormat } from './parse-event.ts';

/** The text of one `format` file. */
export interface FormatText {
  readonly system: string;
  readonly text: Uint8Array | string;
}

/** The event types of one trace file, by id and by name. */
export class EventTable implements Iterable<EventFormat> {
  readonly #byId = new Map<number, EventFormat>();
  readonly #byName = new Map<string, EventFormat>();
  /** What is wrong with the formats that are left out. */
  readonly errors: readonly TandemError[];

  /** Of formats with the same id, or the same name, the first one counts. */
  constructor(formats: Iterable<EventFormat>, errors: readonly TandemError[] = []) {
    this.errors = errors;
    for (const format of formats) {
      const key = `${format.system}:${format.name}`;
      if (!this.#byId.has(format.id)) this.#byId.set(format.id, format);
      if (!this.#byName.has(key)) this.#byName.set(key, format);
    }
  }

  /** Reads names and ids of all formats; the rest of each is parsed when it is first used. */
  static parse(texts: Iterable<FormatText>, options: FormatOptions): EventTable {
    const formats: EventFormat[] = [];
    const errors: TandemError[] = [];
    for (const { system, text } of texts) {
      try {
        formats.push(parseEventFormat(text, system, options));
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        errors.push(error);
      }
    }
    return new EventTable(formats, errors);
  }

  get size(): number {
    return this.#byId.size;
  }

  /** The event of that id, unless its format is so damaged that trace-cmd does not know it either. */
  get(id: number): EventFormat | undefined {
    const format = this.#byId.get(id);
    return format?.isKnown ? format : undefined;
  }

  /** As `get`, by name. */
  find(system: string, name: string): EventFormat | undefined {
    const format = this.#byName.get(`${system}:${name}`);
    return format?.isKnown ? format : undefined;
  }

  /** The events of one system, in file order. */
  ofSystem(system: string): EventFormat[] {
    return [...this].filter((format) => format.system === system);
  }

  /** All events with an id of their own, in file order. */
  [Symbol.iterator](): IterableIterator<EventFormat> {
    return this.#byId.values();
  }
}
