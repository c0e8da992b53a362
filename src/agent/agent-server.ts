import { TandemError } from '../base/errors.ts';
import { within } from '../base/within.ts';
import { CaptureThreads } from '../record/capture-threads.ts';
import { KernelSymbols } from '../record/kernel-texts.ts';
import type { Connection } from '../transport/connection.ts';
import type { Listener } from '../transport/listener.ts';
import { AgentControl } from './control.ts';
import { ServedSession, type SessionSetting } from './served-session.ts';

/** A recorder that comes while another one's session is cleared up waits for that. */
const CLEAR_UP_MS = 10_000;
/**
 * A recorder that was killed, and started again at once, may be here before its end is noticed. Looked at several
 * times: when setting up has kept this thread busy, one wait would be over before anything was read.
 */
const GRACE_LOOKS = 20;
const LOOK_MS = 10;
/** How long somebody who comes at a bad time may take to say what he wants. */
const BUSY_REQUEST_MS = 1000;
/** So many are told that the agent is busy at the same time; more are only hung up on. */
const MOST_BUSY = 16;
/** After a failure to accept: too many open files, say. */
const PAUSE_MS = 1000;

export type ServerSetting = Pick<SessionSetting, 'log' | 'instance' | 'planOf' | 'tracefs'>;

/** Accepts recorders, and keeps them apart. */
export class AgentServer {
  readonly #listener: Listener;
  readonly #setting: ServerSetting;
  readonly #symbols: KernelSymbols;
  #threads: CaptureThreads | undefined;
  #end!: (reason: Error) => void;
  readonly #ended: Promise<never>;
  #session: ServedSession | undefined;
  /** Resolves when the session that runs, if any, is over. */
  #free: Promise<void> = Promise.resolve();
  #busy = 0;

  constructor(listener: Listener, setting: ServerSetting) {
    this.#listener = listener;
    this.#setting = setting;
    this.#symbols = new KernelSymbols(setting.tracefs.top);
    this.#ended = new Promise((_, reject) => {
      this.#end = reject;
    });
    this.#ended.catch(() => {}); // sessions are told
  }

  /** Serves one after the other, until `stop`. */
  async serve(): Promise<void> {
    this.#symbols.read(); // takes its time, which a recorder shall not wait for
    for (;;) {
      const connection = await this.#accept();
      if (connection === undefined) break;
      for (let look = 0; look < GRACE_LOOKS && this.#session?.isEnding === false; look++) {
        await within(this.#free, LOOK_MS);
      }
      if (this.#session?.isEnding) await within(this.#free, CLEAR_UP_MS);
      if (this.#session === undefined) this.#serve(connection);
      else void this.#turnAway(connection, this.#session);
    }
    await this.#free;
  }

  async #accept(): Promise<Connection | undefined> {
    for (;;) {
      try {
        return await this.#listener.accept(Number.POSITIVE_INFINITY);
      } catch (error) {
        if (!(error instanceof TandemError)) throw error;
        this.#setting.log.warn(error.message);
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  }

  #serve(connection: Connection): void {
    this.#threads ??= new CaptureThreads();
    const session = new ServedSession(connection, {
      ...this.#setting,
      ...{ symbols: this.#symbols, threads: this.#threads, ended: this.#ended },
    });
    this.#setting.log.debug(`${session.peer}: connected`);
    this.#session = session;
    this.#free = session.run().then(() => {
      this.#session = undefined;
    });
  }

  /** One session at a time: the kernel's buffers are one for all. */
  async #turnAway(connection: Connection, session: ServedSession): Promise<void> {
    this.#setting.log.warn(`recorder at ${connection.text}: came while the agent is busy with the ${session.peer}`);
    if (this.#busy >= MOST_BUSY) {
      connection.close();
      return;
    }
    this.#busy++;
    const control = new AgentControl(connection, { unexpected: () => {} }, BUSY_REQUEST_MS);
    try {
      await control.request;
      control.refuse(`the agent is busy with the ${session.peer}`);
    } catch {
      // whatever he wanted
    }
    await control.close();
    this.#busy--;
  }

  /** Ends what goes on, in good order. */
  stop(): void {
    this.#listener.close();
    this.#end(new TandemError('PEER', 'agent', 'it was told to end'));
  }

  /** For the last moment of the program. */
  putBack(): void {
    this.#session?.putBack();
  }
}
