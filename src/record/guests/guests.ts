import { TandemError } from '../../base/errors.ts';
import type { GuestInfo } from '../../trace-file/types.ts';
import type { FoundGuest } from './found-guest.ts';
import type { GuestContext } from './guest-context.ts';
import { GuestSession } from './guest-session.ts';

/** The file of a guest when it is made. */
export interface GuestFile {
  readonly output: string;
  /** Bytes of trace data, and of the file. */
  readonly dataBytes: number;
  readonly fileBytes: number;
}

/** All guests of a recording. */
export class Guests {
  readonly #sessions: readonly GuestSession[];
  readonly #context: GuestContext;

  constructor(guests: readonly FoundGuest[], context: GuestContext) {
    this.#context = context;
    this.#sessions = guests.map((guest) => new GuestSession(guest, context));
  }

  /**
   * Has all of them record: when it resolves their tracing is on, and their clocks were measured once. Clocks are
   * measured one guest after the other, so that they don't disturb each other. Rejects when one can't be
   * recorded: `abandon` them then.
   */
  async start(): Promise<void> {
    await all(this.#sessions.map((session) => session.request()));
    for (const session of this.#sessions) await session.measureFirst();
    await all(this.#sessions.map((session) => session.openData()));
  }

  /** Ends them all: first all traces, then the clocks are measured once more, then what is on its way is taken. */
  async stop(): Promise<void> {
    for (const session of this.#sessions) session.close();
    // Agents wait for it some time: the slow ones keep only themselves waiting.
    for (const session of this.#sessions.toSorted((a, b) => a.roundMs - b.roundMs)) await session.measureLast();
    await all(this.#sessions.map((session) => session.finish()));
  }

  /** Ends them without a trace, also while they start. */
  async abandon(): Promise<void> {
    for (const session of this.#sessions) session.abandon();
    await all(this.#sessions.map((session) => session.finish()));
    for (const session of this.#sessions) session.removeTemporaryFiles();
  }

  /** What the host's file tells of them. */
  infos(): GuestInfo[] {
    return this.#sessions.map((session) => session.info()).filter((info) => info !== undefined);
  }

  /** Makes their files. One that can't be made keeps its temporary files, is told of, and not among the results. */
  async assemble(): Promise<GuestFile[]> {
    const files: GuestFile[] = [];
    for (const session of this.#sessions) {
      try {
        const dataBytes = session.bytes;
        files.push({ output: session.output, dataBytes, fileBytes: await session.assemble() });
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        this.#context.warn(`${session.peer}: ${session.output} could not be made: ${error.message}`);
      }
    }
    return files;
  }

  /** Whether every one of them was recorded to the end. */
  get areComplete(): boolean {
    return this.#sessions.every(({ state }) => state === 'ended');
  }

  /** How each of them does, for people: `guest1: recording, 1.2 MB`. */
  states(): string[] {
    return this.#sessions.map(({ guest, state, bytes }) => {
      const megabytes = bytes > 0 ? `, ${(bytes / 2 ** 20).toFixed(1)} MB` : '';
      return `${guest.name}: ${state}${megabytes}`;
    });
  }
}

/** Waits for all of them, also when one fails; then throws its error. */
async function all(promises: readonly Promise<void>[]): Promise<void> {
  const results = await Promise.allSettled(promises);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}
