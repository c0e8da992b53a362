import { INTERPOLATE } from '../../time/exact-sync.ts';
import { burstFindings } from '../estimators/burst.ts';
import type {
  GuestSide,
  GuestTools,
  HostSide,
  HostTools,
  Measurement,
  Probes,
  RunWatch,
  Stamper,
  SyncLink,
  SyncProtocol,
  VcpuRuns,
} from '../types.ts';
import { wrongContent, wrongMessage } from './peer-error.ts';
import { ProbePlan } from './probe-plan.ts';
import {
  PTP4_ECHO,
  PTP4_END,
  PTP4_NAME,
  PTP4_PROBE,
  PTP4_PROBE_LIMIT,
  PTP4_STAMPS,
  PTP4_TURN_SIZE,
  type Ptp4Stamps,
  readPtp4Series,
  readPtp4Stamps,
  readPtp4Turn,
  writePtp4Stamps,
  writePtp4Turn,
} from './ptp4-messages.ts';

/** Beyond it, a burst does not become better. */
const MOST_PROBES = 400;

/**
 * Our own: as `ptp`, but all stamps end up at the host. Each side stamps once per turn, between the arrival of a
 * message and its answer: that stamp bounds the way of both, from one side each. Where it slept meanwhile, the moment
 * when the kernel woke it bounds the arrival more closely: how long a thread waits for its turn is not in it. So every
 * probe counts twice, and what all rounds and CPUs have found can be put together. docs/time-sync-protocols.md has the bytes.
 */
export const ptp4: SyncProtocol = {
  name: PTP4_NAME,
  accuracy: 5000,
  flags: INTERPOLATE,
  supports: () => true,
  host: (tools) => new Ptp4Host(tools),
  guest: (tools) => new Ptp4Guest(tools),
};

/** The messages of one measurement after the other, as both ends see them. */
class Turns {
  /** Bytes of the payload that was received last. */
  length = 0;
  readonly #link: SyncLink;
  #series = 0;

  constructor(link: SyncLink) {
    this.#link = link;
  }

  /** Begins the next measurement. */
  begin(): void {
    this.#series = (this.#series + 1) >>> 0;
  }

  /** Writes what is to be sent in a turn; returns its length. */
  write(turn: number): number {
    return writePtp4Turn(this.#link.output, 0, this.#series, turn);
  }

  sendStamps(stamps: Ptp4Stamps): void {
    this.#link.send(PTP4_STAMPS, writePtp4Stamps(this.#link.output, 0, this.#series, stamps));
  }

  /**
   * Waits for the next message of this measurement, and returns its id. What comes late, of one that was given up, is
   * dropped: whoever answered that would never get into step again.
   */
  receive(): number {
    const link = this.#link;
    for (;;) {
      const id = link.receive();
      this.length = link.payload();
      if (this.length < PTP4_TURN_SIZE) throw wrongContent(link, `a message of ${this.length} bytes`);
      const ahead = (readPtp4Series(link.input, 0) - this.#series) | 0;
      if (ahead > 0) throw wrongContent(link, 'a message of a measurement that did not begin');
      if (ahead === 0) return id;
    }
  }

  /** The received message must be of the kind and the turn that was due. */
  check(id: number, due: number, turn: number): void {
    if (id !== due) throw wrongMessage(this.#link, id, `turn ${turn} was due`);
    if (readPtp4Turn(this.#link.input, 0) !== turn) throw wrongContent(this.#link, `another turn than number ${turn}`);
  }
}

/** What this end knows of its turns: a message is here when it wakes who waits for it, and before that one has stamped. */
function stampsOf(markers: Stamper, count: number): Ptp4Stamps {
  const sent = markers.read().slice(0, count);
  const woken = markers.wakings();
  return { sent, received: sent.map((stamp, turn) => (stamp === 0n ? 0n : woken[turn] || stamp)) };
}

/** What another protocol with these messages does besides. */
export interface Ptp4Extras {
  /** So many stamps of the guest, at most, tell of no message: that of END, and others next to exits of its vCPU. */
  readonly aloneStamps: number;
  readonly runWatch: RunWatch | undefined;
  readonly mostProbes: number;
}

const NOTHING_BESIDES: Ptp4Extras = { aloneStamps: 0, runWatch: undefined, mostProbes: MOST_PROBES };

/** The host's side. */
export class Ptp4Host implements HostSide {
  readonly #tools: HostTools;
  readonly #turns: Turns;
  readonly #aloneStamps: number;
  readonly #watch: RunWatch | undefined;
  readonly #plan: ProbePlan;
  #count = 0;

  constructor(tools: HostTools, { aloneStamps, runWatch, mostProbes }: Ptp4Extras = NOTHING_BESIDES) {
    this.#tools = tools;
    this.#plan = new ProbePlan(mostProbes);
    this.#turns = new Turns(tools.link);
    this.#aloneStamps = aloneStamps;
    this.#watch = runWatch;
  }

  measure(cpu: number): Measurement {
    const { link, markers } = this.#tools;
    markers.begin(MOST_PROBES + 1);
    this.#watch?.begin(cpu);
    let guest: Ptp4Stamps;
    try {
      guest = this.#tools.burst(() => this.#probed(cpu));
    } finally {
      this.#watch?.end();
    }
    const count = this.#count;
    const probes = probesOf(guest, stampsOf(markers, count), this.#watch?.runs());
    const findings = burstFindings(probes);
    if (!findings) throw wrongContent(link, `no stamps for any of ${count} probes that we stamped too`);
    return { cpu, ...findings, probes };
  }

  /** Returns the guest's stamps: one more than there were probes, and those that it made alone. */
  #probed(cpu: number): Ptp4Stamps {
    this.#turns.begin();
    this.#tools.ask(cpu);
    this.#plan.begin(this.#tools.now());
    this.#count = this.#echoProbes();
    return this.#receiveStamps(this.#count + 1);
  }

  /** Returns how many probes there were. */
  #echoProbes(): number {
    const { link, markers, now } = this.#tools;
    let goesOn = true;
    for (let turn = 0; ; turn++) {
      const length = this.#turns.write(turn);
      const id = this.#turns.receive();
      if (goesOn) {
        markers.mark(turn);
        link.send(PTP4_ECHO, length);
      } else {
        link.send(PTP4_END, length);
      }
      this.#turns.check(id, PTP4_PROBE, turn);
      if (!goesOn) return turn;
      goesOn = this.#plan.goesOn(now());
    }
  }

  #receiveStamps(fewest: number): Ptp4Stamps {
    const { link } = this.#tools;
    const id = this.#turns.receive();
    if (id !== PTP4_STAMPS) throw wrongMessage(link, id, 'its stamps were due');
    const stamps = readPtp4Stamps(link.input, 0, this.#turns.length);
    if (!stamps || stamps.sent.length < fewest || stamps.sent.length > fewest + this.#aloneStamps) {
      throw wrongContent(link, `a list of stamps that is not of ${fewest - 1} probes`);
    }
    return stamps;
  }
}

/** As many probes as the host has stamps of. With runs, the other stamps of the guest tell something too. */
function probesOf(guest: Ptp4Stamps, host: Ptp4Stamps, runs: VcpuRuns | undefined): Probes {
  const probed = host.sent.length;
  const count = runs ? guest.sent.length : probed;
  const padded = (stamps: BigUint64Array): BigUint64Array => {
    const column = new BigUint64Array(count);
    column.set(stamps.subarray(0, probed));
    return column;
  };
  return {
    ...{ count, guestSend: guest.sent.subarray(0, count) },
    ...{ hostReceive: padded(host.received), hostSend: padded(host.sent) },
    guestReceive: padded(guest.received.subarray(1)),
    ...(runs && { runs }),
  };
}

function joined(first: BigUint64Array, second: BigUint64Array): BigUint64Array {
  const all = new BigUint64Array(first.length + second.length);
  all.set(first);
  all.set(second, first.length);
  return all;
}

/** The guest's side: it probes for as long as the host echoes. */
export class Ptp4Guest implements GuestSide {
  readonly #tools: GuestTools;
  readonly #turns: Turns;
  readonly #aloneStamps: number;
  readonly #limit: number;

  constructor(tools: GuestTools, { aloneStamps }: Pick<Ptp4Extras, 'aloneStamps'> = NOTHING_BESIDES) {
    this.#tools = tools;
    this.#turns = new Turns(tools.link);
    this.#aloneStamps = aloneStamps;
    this.#limit = PTP4_PROBE_LIMIT - aloneStamps;
  }

  answer(): void {
    this.#tools.burst(() => this.#answer());
  }

  #answer(): void {
    const { markers, stampExits } = this.#tools;
    markers.begin(PTP4_PROBE_LIMIT + 2);
    this.#turns.begin();
    const count = this.#probe() + 1;
    if (this.#aloneStamps === 0) {
      this.#turns.sendStamps(stampsOf(markers, count));
    } else {
      const { sent, received } = stampsOf(markers, count + 1);
      const alone = stampExits(this.#aloneStamps - 1);
      this.#turns.sendStamps({ sent: joined(sent, alone), received: joined(received, alone) });
    }
  }

  /** Returns how many probes there were: how many were echoed. */
  #probe(): number {
    const { link, markers } = this.#tools;
    let length = this.#turns.write(0);
    markers.mark(0);
    link.send(PTP4_PROBE, length);
    for (let turn = 0; turn <= this.#limit; turn++) {
      length = this.#turns.write(turn + 1);
      const id = this.#turns.receive();
      markers.mark(turn + 1);
      if (id === PTP4_ECHO) link.send(PTP4_PROBE, length);
      this.#turns.check(id, id === PTP4_END ? PTP4_END : PTP4_ECHO, turn);
      if (id === PTP4_END) return turn;
    }
    throw wrongContent(link, `more than ${this.#limit} echoes`);
  }
}
