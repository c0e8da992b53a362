import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Session } from './session-types.ts';
import { size } from './summary.ts';

const UPDATE_MS = 1000;
const CLEAR_LINE = '\r\x1b[2K';
/** CPUs that are shown one by one; guests take their room. */
const MOST_CPUS = 8;

/** One line on a terminal that says how the recording goes, written over once a second. */
export class LiveLine {
  readonly #session: Session;
  readonly #terminal: NodeJS.WriteStream;
  readonly #output: string;
  readonly #start = performance.now();
  readonly #timer: NodeJS.Timeout;
  #lastEvents = 0;
  #lastTime = performance.now();

  constructor(session: Session, terminal: NodeJS.WriteStream, output: string) {
    this.#session = session;
    this.#terminal = terminal;
    this.#output = output;
    this.#timer = setInterval(() => this.#update(), UPDATE_MS);
    this.#timer.unref();
  }

  /** Takes the line away. */
  stop(): void {
    clearInterval(this.#timer);
    this.#terminal.write(CLEAR_LINE);
  }

  #update(): void {
    const now = performance.now();
    const { bytesByCpu, events, lost, guests } = this.#session.progress();
    const rate = Math.round(((events - this.#lastEvents) * 1000) / (now - this.#lastTime));
    this.#lastEvents = events;
    this.#lastTime = now;
    // What matters most comes first: a narrow terminal has no room for the rest.
    const text = [
      `${Math.round((now - this.#start) / 1000)} s`,
      lost > 0 ? `LOST ${lost} events` : 'nothing lost',
      `${rate} events/s`,
      cpuText(bytesByCpu, guests.length === 0 ? MOST_CPUS : 0),
      ...guests,
      `${size(freeBytes(this.#output))} left on disk`,
    ].join(', ');
    this.#terminal.write(CLEAR_LINE + text.slice(0, this.#terminal.columns - 1));
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
