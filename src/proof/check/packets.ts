import type { Tally } from './judges.ts';

/** What is known of the packets of one kind, from one port to another. */
class Flow {
  /** Sent and not yet received. */
  pending = 0;
  /** Times of packets that were received before they were sent. */
  readonly early: number[] = [];
  kept = 0;
  readonly violated: { readonly time: number; readonly distance: number }[] = [];
}

/** Violations of one flow that are kept until its end. */
const MOST_KEPT = 4096;
const MOST_EARLY = 1024;

/**
 * Packets over virtio: each is received after it was sent. They carry no number, so that the n-th one of a flow that
 * was received is the n-th one that was sent; a flow of which not all packets are in the trace is not judged.
 */
export class PacketJudge {
  readonly #tally: Tally;
  readonly #flows = new Map<number, Flow>();

  constructor(tally: Tally) {
    this.#tally = tally;
  }

  /** `flow`: what tells one flow from others, as a number. */
  sent(time: number, flow: number): void {
    const one = this.#flow(flow);
    const early = one.early.shift();
    if (early === undefined) one.pending++;
    else if (time <= early) one.kept++;
    else if (one.violated.length < MOST_KEPT) one.violated.push({ time: early, distance: time - early });
  }

  received(time: number, flow: number): void {
    const one = this.#flow(flow);
    if (one.pending > 0) {
      one.pending--;
      one.kept++;
    } else if (one.early.length < MOST_EARLY) one.early.push(time);
  }

  finish(): void {
    for (const { pending, early, kept, violated } of this.#flows.values()) {
      if (pending > 0 || early.length > 0) this.#tally.unjudged += kept + violated.length + early.length;
      else {
        this.#tally.kept += kept;
        for (const { time, distance } of violated) this.#tally.violate(time, distance);
      }
    }
  }

  #flow(key: number): Flow {
    let flow = this.#flows.get(key);
    if (flow === undefined) {
      flow = new Flow();
      this.#flows.set(key, flow);
    }
    return flow;
  }
}
