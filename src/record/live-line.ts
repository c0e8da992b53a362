import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Session } from './session-types.ts';
import { size } from './summary.ts';

const UPDATE_MS = 1000;
/** Of a terminal that does not tell. */
const USUAL_COLUMNS = 80;
const CLEAR_LINE = '\r\x1b[2K';
/** CPUs that are shown one by one; guests take their room. */
const MOST_CPUS = 8;

/** What the line is about: nothing, while others have the terminal; guests that are not recorded yet, or no more. */
export type LiveSubject = 'nothing' | 'guests' | 'recording';

/** One line on a terminal that says how the recording goes, written over once a second. */
export class LiveLine {
  readonly #session: Session;
  readonly #terminal: NodeJS.WriteStream;
  readonly #output: string;
  readonly #timer: NodeJS.Timeout;
  #subject: LiveSubject = 'nothing';
  #isThere = false;
  #start = 0;
  #lastEvents = 0;
  #lastTime = 0;

  constructor(session: Session, terminal: NodeJS.WriteStream, output: string) {
    this.#session = session;
    this.#terminal = terminal;
    this.#output = output;
    this.#timer = setInterval(() => this.#update(), UPDATE_MS);
    this.#timer.unref();
  }

  /** Says how long and how that goes, from now on. */
  show(subject: LiveSubject): void {
    this.clear();
    this.#subject = subject;
    this.#start = performance.now();
    this.#lastTime = this.#start;
  }

  /** Takes the line away until its next turn. */
  clear(): void {
    if (this.#isThere) this.#terminal.write(CLEAR_LINE);
    this.#isThere = false;
  }

  /** Takes the line away for good. */
  stop(): void {
    clearInterval(this.#timer);
    this.clear();
  }

  #update(): void {
    const guests = this.#session.guestStates();
    if (this.#subject === 'nothing' || (this.#subject === 'guests' && guests.length === 0)) return;
    const now = performance.now();
    const elapsed = `${Math.round((now - this.#start) / 1000)} s`;
    // What matters most comes first: a narrow terminal has no room for the rest.
    const parts = this.#subject === 'guests' ? guests : this.#recordingParts(now, guests);
    this.#terminal.write(
      CLEAR_LINE + [elapsed, ...parts].join(', ').slice(0, (this.#terminal.columns || USUAL_COLUMNS) - 1),
    );
    this.#isThere = true;
  }

  #recordingParts(now: number, guests: readonly string[]): string[] {
    const { bytesByCpu, events, lost } = this.#session.progress();
    const rate = Math.round(((events - this.#lastEvents) * 1000) / (now - this.#lastTime));
    this.#lastEvents = events;
    this.#lastTime = now;
    return [
      lost > 0 ? `LOST ${lost} events` : 'nothing lost',
      `${rate} events/s`,
      cpuText(bytesByCpu, guests.length === 0 ? MOST_CPUS : 0),
      ...guests,
      `${size(freeBytes(this.#output))} left on disk`,
    ];
  }
}

/** With more CPUs than `most` only their sum. */
function cpuText(bytesByCpu: ReadonlyMap<number, number>, most: number): string {
  const megabytes = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);
  const total = [...bytesByCpu.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (bytesByCpu.size > most) return `${megabytes(total)} MB`;
  return `MB by CPU: ${[...bytesByCpu].map(([cpu, bytes]) => `${cpu}: ${megabytes(bytes)}`).join(' ')}`;
}

function freeBytes(path: string): number {
  const { bavail, bsize } = statfsSync(dirname(path));
  return bavail * bsize;
}
