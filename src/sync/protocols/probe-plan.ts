/** Probes that are made at least, unless time runs out. */
const FEWEST = 40;
/** Fewer than this say nothing, however slow they are. */
const FEWEST_SLOW = 8;
/** So many round trips about as short as the shortest mean that there will be no much shorter ones. */
const CONFIRMATIONS = 24;
const ABOUT_AS_SHORT = 1.125;
/** What one measurement may take, ms, unless there were too few round trips by then. */
const TIME_LIMIT = 2000;

/** Round trips of this many ms, from the first one on, are a sender that waits for our acknowledgement. */
const DELAYED = 20;
const DELAYED_TRIPS = 3;

/**
 * When a burst of probes has been long enough: when its fastest round trip has been confirmed a few times, or when
 * it has taken too long. Times in ms; none of this is used as a stamp.
 */
export class ProbePlan {
  /**
   * The peer sends header and payload of its messages apart, and the payload waits for an acknowledgement that the
   * kernel delays: trace-cmd before 3.3 over TCP. Answering as soon as the header is there carries it along.
   */
  delaysPayloads = false;
  readonly #most: number;
  #begin = 0;
  #last = 0;
  #trips = 0;
  #fastest = Number.POSITIVE_INFINITY;
  #confirmed = 0;
  #delayed = 0;

  /** `most`: probes that fit the protocol. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The first probe is about to be made. */
  begin(now: number): void {
    this.#begin = now;
    this.#last = now;
    this.#trips = 0;
    this.#fastest = Number.POSITIVE_INFINITY;
    this.#confirmed = 0;
    this.#delayed = 0;
  }

  /** A round trip has ended. Returns whether another probe is worth it. */
  goesOn(now: number): boolean {
    const trip = now - this.#last;
    this.#last = now;
    this.#trips++;
    if (trip >= DELAYED && ++this.#delayed === DELAYED_TRIPS && this.#trips === DELAYED_TRIPS) {
      this.delaysPayloads = true;
    }
    if (trip * ABOUT_AS_SHORT < this.#fastest) this.#confirmed = 0;
    if (trip <= this.#fastest * ABOUT_AS_SHORT) this.#confirmed++;
    if (trip < this.#fastest) this.#fastest = trip;
    if (this.#trips >= this.#most) return false;
    if (now - this.#begin >= TIME_LIMIT) return this.#trips < FEWEST_SLOW;
    return this.#trips < FEWEST || this.#confirmed < CONFIRMATIONS;
  }
}
