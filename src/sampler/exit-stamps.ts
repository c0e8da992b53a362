import { join } from 'node:path';
import { threadId } from '../kernel/thread-id.ts';
import { EventSwitches, limitEvent } from './event-switches.ts';
import { ExitTimer } from './exit-timer.ts';
import type { MarkerInstance } from './marker-instance.ts';
import type { RawMarkers } from './raw-markers.ts';

/** Enough for some stamps to be very near to an exit, and for their pattern to be no other's. */
const EXITS = 128;
/** Equal times between exits would look the same one exit later: pauses are what cubes leave of a prime number. */
const PAUSE_PRIME = 131;
/** In calls that read the time; one less than a power of 2. */
const MOST_PAUSE = 3;

/**
 * Stamps next to exits of the vCPU that the calling thread runs on: markers in between, and what the kernel records of
 * changing the CPU's timer, which is what makes it exit. That is several times as near as a program's own stamps are.
 */
export class ExitStamps {
  readonly #markers: RawMarkers;
  readonly #switches: EventSwitches;
  readonly #timer: ExitTimer;
  readonly #now: () => number;
  #near: bigint[] = [];

  /** @throws TandemError where the events of the instance can not be had */
  constructor(instance: MarkerInstance, markers: RawMarkers, now: () => number) {
    const { exits = [], layout } = instance;
    this.#markers = markers;
    this.#now = now;
    // Before anything is opened that would have to be closed.
    for (const { system, name } of exits) {
      limitEvent(join(instance.path, 'events', system, name), `common_pid == ${threadId()}`);
    }
    this.#switches = new EventSwitches(instance.path, exits);
    this.#timer = new ExitTimer();
    const ids = new Set(exits.map(({ id }) => id));
    markers.onOther = ({ view, start, end, tsHi, tsLo }) => {
      if (end - start < 2 || !ids.has(view.getUint16(start, layout.littleEndian))) return;
      this.#near.push((BigInt(tsHi) << 32n) | BigInt(tsLo));
    };
  }

  /** Makes the exits. Returns at most so many stamps, ascending. Forgets those of the markers. */
  make(most: number): BigUint64Array {
    // What a measurement that failed has left behind.
    this.#markers.read();
    this.#near = [];
    this.#markers.begin(EXITS);
    this.#switches.turn('on');
    try {
      this.#exit();
    } finally {
      this.#switches.turn('off');
    }
    const marked = this.#markers.read().filter((stamp) => stamp !== 0n);
    return BigUint64Array.from([...marked, ...this.#near])
      .sort()
      .slice(-most);
  }

  #exit(): void {
    for (let k = 0; k < EXITS; k++) {
      this.#timer.exit();
      this.#markers.mark(k);
      for (let pause = ((k * k * k) % PAUSE_PRIME) & MOST_PAUSE; pause > 0; pause--) this.#now();
    }
    this.#timer.exit();
  }

  /** Only now can the instance be removed. */
  close(): void {
    this.#timer.close();
    this.#switches.close();
  }
}
