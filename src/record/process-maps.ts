import { readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

const FIRST_LOOK_MS = 1;
const SLOWEST_LOOK_MS = 200;
/** By then a program has been loaded, with its libraries. */
const LOADED_AFTER_MS = 8;

/**
 * Address maps of processes as option PROCMAPS keeps them. A process that ended has none any more, so they are read
 * again and again, less and less often, and the last one counts.
 */
export class ProcessMaps {
  readonly #pids: readonly number[];
  readonly #texts = new Map<number, string>();
  #timer: NodeJS.Timeout | undefined;

  constructor(pids: readonly number[]) {
    this.#pids = pids;
  }

  start(): void {
    this.#lookAfter(FIRST_LOOK_MS);
  }

  /** Resolves when programs that were just started have been looked at: before this thread does something long. */
  async firstLooks(): Promise<void> {
    if (this.#pids.length > 0) await sleep(LOADED_AFTER_MS);
  }

  /** Looks a last time. Returns the text of each process that was seen. */
  stop(): string[] {
    clearTimeout(this.#timer);
    this.#look();
    return [...this.#texts.values()];
  }

  #lookAfter(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#look();
      this.#lookAfter(Math.min(2 * milliseconds, SLOWEST_LOOK_MS));
    }, milliseconds);
    this.#timer.unref();
  }

  #look(): void {
    for (const pid of this.#pids) {
      const text = processMap(pid);
      if (text !== undefined) this.#texts.set(pid, text);
    }
  }
}

/** First `pid count program`, then `start end file` of each mapping that has a file or a name; numbers in hex. */
function processMap(pid: number): string | undefined {
  try {
    const program = readlinkSync(`/proc/${pid}/exe`);
    const mappings: string[] = [];
    for (const line of readFileSync(`/proc/${pid}/maps`, 'utf8').split('\n')) {
      const match = /^([0-9a-f]+)-([0-9a-f]+) \S+ \S+ \S+ \d+ +(\S+)/.exec(line);
      if (match === null) continue;
      const [, start, end, name] = match;
      mappings.push(`${start?.replace(/^0+(?=.)/, '')} ${end?.replace(/^0+(?=.)/, '')} ${name}\n`);
    }
    if (mappings.length === 0) return undefined;
    return `${pid.toString(16)} ${mappings.length.toString(16)} ${program}\n${mappings.join('')}`;
  } catch {
    return undefined; // it ended, or has no program yet
  }
}
