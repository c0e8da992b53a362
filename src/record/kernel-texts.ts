import { readFileSync } from 'node:fs';
import { readKallsyms, readPrintkFormats, readTraceTexts } from '../kernel/metadata.ts';
import type { TraceInstance } from '../kernel/tracefs.ts';
import type { TraceContent } from '../trace-file/write/content.ts';
import type { EventTable } from './events.ts';

/** What a reader needs to understand the events. */
export type SymbolsAndFormats = Pick<TraceContent, 'texts' | 'kallsyms' | 'printkFormats'>;
const NOTHING = new Uint8Array(0);

/** What addresses mean. Read once, and once more when modules came or went since. */
export class KernelSymbols {
  readonly #top: TraceInstance;
  #symbols: Omit<SymbolsAndFormats, 'texts'> | undefined;
  #modules = '';

  constructor(top: TraceInstance) {
    this.#top = top;
  }

  /** The same object as before while nothing has changed. */
  read(): Omit<SymbolsAndFormats, 'texts'> {
    const modules = loadedModules();
    if (this.#symbols === undefined || modules !== this.#modules) {
      this.#modules = modules;
      this.#symbols = { kallsyms: readKallsyms(), printkFormats: readPrintkFormats(this.#top) };
    }
    return this.#symbols;
  }
}

/** Formats and symbols. Read once, and once more when modules came or went since. */
export class KernelTexts {
  readonly #top: TraceInstance;
  readonly #events: EventTable;
  readonly #symbols: KernelSymbols;
  #formats: TraceContent['texts'] | undefined;
  #lastSymbols: Omit<SymbolsAndFormats, 'texts'> | undefined;

  constructor(top: TraceInstance, events: EventTable, symbols = new KernelSymbols(top)) {
    this.#top = top;
    this.#events = events;
    this.#symbols = symbols;
  }

  /** Without the symbols, which take the kernel many times longer than all the rest. */
  readFormats(): SymbolsAndFormats {
    this.#formats ??= readTraceTexts(this.#top, this.#events);
    return { texts: this.#formats, kallsyms: NOTHING, printkFormats: NOTHING };
  }

  read(): SymbolsAndFormats {
    const symbols = this.#symbols.read();
    if (this.#lastSymbols !== undefined && symbols !== this.#lastSymbols) this.#formats = undefined;
    this.#lastSymbols = symbols;
    return { ...this.readFormats(), ...symbols };
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
