import { readFileSync } from 'node:fs';
import { readKallsyms, readPrintkFormats, readTraceTexts } from '../kernel/metadata.ts';
import type { TraceInstance } from '../kernel/tracefs.ts';
import type { TraceContent } from '../trace-file/write/content.ts';
import type { EventTable } from './events.ts';

/** What a reader needs to understand the events. */
export type SymbolsAndFormats = Pick<TraceContent, 'texts' | 'kallsyms' | 'printkFormats'>;
const NOTHING = new Uint8Array(0);

/** Formats and symbols. Read once, and once more when modules came or went since. */
export class KernelTexts {
  readonly #top: TraceInstance;
  readonly #events: EventTable;
  #formats: TraceContent['texts'] | undefined;
  #symbols: Omit<SymbolsAndFormats, 'texts'> | undefined;
  #modules = '';

  constructor(top: TraceInstance, events: EventTable) {
    this.#top = top;
    this.#events = events;
  }

  /** Without the symbols, which take the kernel many times longer than all the rest. */
  readFormats(): SymbolsAndFormats {
    this.#formats ??= readTraceTexts(this.#top, this.#events);
    return { texts: this.#formats, kallsyms: NOTHING, printkFormats: NOTHING };
  }

  read(): SymbolsAndFormats {
    const modules = loadedModules();
    if (this.#symbols === undefined || modules !== this.#modules) {
      if (this.#symbols !== undefined) this.#formats = undefined;
      this.#modules = modules;
      this.#symbols = { kallsyms: readKallsyms(), printkFormats: readPrintkFormats(this.#top) };
    }
    return { ...this.readFormats(), ...this.#symbols };
  }
}

/** Names and addresses of the modules; empty for a kernel without any. */
function loadedModules(): string {
  try {
    return readFileSync('/proc/modules', 'utf8').replace(/^(\S+) \S+ \S+ \S+/gm, '$1');
  } catch {
    return '';
  }
}
