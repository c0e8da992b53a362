import { readFileSync } from 'node:fs';
import { readKallsyms, readPrintkFormats, readTraceTexts } from '../kernel/metadata.ts';
import type { TraceInstance } from '../kernel/tracefs.ts';
import type { TraceContent } from '../trace-file/write/content.ts';
import type { EventTable } from './events.ts';

type Texts = Pick<TraceContent, 'texts' | 'kallsyms' | 'printkFormats'>;

/** Formats and symbols. Read once, and once more when modules came or went since. */
export class KernelTexts {
  readonly #top: TraceInstance;
  readonly #events: EventTable;
  #texts: Texts | undefined;
  #modules = '';

  constructor(top: TraceInstance, events: EventTable) {
    this.#top = top;
    this.#events = events;
  }

  read(): Texts {
    const modules = loadedModules();
    if (this.#texts !== undefined && modules === this.#modules) return this.#texts;
    this.#modules = modules;
    this.#texts = {
      texts: readTraceTexts(this.#top, this.#events),
      kallsyms: readKallsyms(),
      printkFormats: readPrintkFormats(this.#top),
    };
    return this.#texts;
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
