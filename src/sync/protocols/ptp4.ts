import { INTERPOLATE } from '../../time/exact-sync.ts';
import { burstSample } from '../estimators/burst.ts';
import type { GuestSide, GuestTools, HostSide, HostTools, Measurement, SyncLink, SyncProtocol } from '../types.ts';
import { wrongContent, wrongMessage } from './peer-error.ts';
import { ProbePlan } from './probe-plan.ts';
import {
  PTP4_COUNT_SIZE,
  PTP4_ECHO,
  PTP4_END,
  PTP4_NAME,
  PTP4_PROBE,
  PTP4_PROBE_LIMIT,
  PTP4_STAMPS,
  readPtp4Count,
  readPtp4Stamps,
  writePtp4Count,
  writePtp4Stamps,
} from './ptp4-messages.ts';

/** Beyond it, a burst does not become better. */
const MOST_PROBES = 200;

/**
 * Our own: as `ptp`, but all stamps end up at the host. Each side stamps once per turn, between the arrival of a
 * message and its answer: that stamp bounds the way of both, from one side each. So every probe counts twice, and what
 * all rounds and CPUs have found can be put together. docs/time-sync-protocols.md has the bytes.
 */
export const ptp4: SyncProtocol = {
  name: PTP4_NAME,
  accuracy: 5000,
  flags: INTERPOLATE,
  staysAwake: true,
  supports: () => true,
  host: (tools) => new Ptp4Host(tools),
  guest: (tools) => new Ptp4Guest(tools),
};

/** Reads the rest of a message that was answered by its header alone: it must be of the kind and number that was due. */
function checkTurn(link: SyncLink, id: number, due: number, count: number): void {
  const length = link.payload();
  if (id !== due) throw wrongMessage(link, id, `turn ${count} was due`);
  if (length < PTP4_COUNT_SIZE || readPtp4Count(link.input, 0) !== count) {
    throw wrongContent(link, `another turn than number ${count}`);
  }
}

class Ptp4Host implements HostSide {
  readonly #tools: HostTools;
  readonly #plan = new ProbePlan(MOST_PROBES);

  constructor(tools: HostTools) {
    this.#tools = tools;
  }

  measure(cpu: number): Measurement {
    const { link, markers, now } = this.#tools;
    markers.begin(MOST_PROBES + 1);
    this.#tools.ask(cpu);
    this.#plan.begin(now());
    const count = this.#echoProbes();
    const guest = this.#receiveStamps(count);
    const host = markers.read().slice(0, count);
    const probes = {
      count,
      guestSend: guest.subarray(0, count),
      hostReceive: host,
      hostSend: host,
      guestReceive: guest.subarray(1),
    };
    const sample = burstSample(probes);
    if (!sample) throw wrongContent(link, `no stamps for any of ${count} probes that we stamped too`);
    return { cpu, sample, probes };
  }

  /** Returns how many probes there were. */
  #echoProbes(): number {
    const { link, markers, now } = this.#tools;
    let goesOn = true;
    for (let count = 0; ; count++) {
      const length = writePtp4Count(link.output, 0, count);
      const id = link.receive();
      if (goesOn) {
        markers.mark(count);
        link.send(PTP4_ECHO, length);
      } else {
        link.send(PTP4_END, length);
      }
      checkTurn(link, id, PTP4_PROBE, count);
      if (!goesOn) return count;
      goesOn = this.#plan.goesOn(now());
    }
  }

  #receiveStamps(count: number): BigUint64Array {
    const { link } = this.#tools;
    const id = link.receive();
    const length = link.payload();
    if (id !== PTP4_STAMPS) throw wrongMessage(link, id, 'its stamps were due');
    const stamps = readPtp4Stamps(link.input, 0, length);
    if (stamps?.length !== count + 1) throw wrongContent(link, `a list of stamps that is not of ${count} probes`);
    return stamps;
  }
}

class Ptp4Guest implements GuestSide {
  readonly #tools: GuestTools;

  constructor(tools: GuestTools) {
    this.#tools = tools;
  }

  answer(): void {
    const { link, markers } = this.#tools;
    markers.begin(PTP4_PROBE_LIMIT + 2);
    const count = this.#probe();
    link.send(PTP4_STAMPS, writePtp4Stamps(link.output, 0, markers.read().subarray(0, count + 1)));
  }

  /** Returns how many probes there were: how many were echoed. */
  #probe(): number {
    const { link, markers } = this.#tools;
    let length = writePtp4Count(link.output, 0, 0);
    markers.mark(0);
    link.send(PTP4_PROBE, length);
    for (let count = 0; count <= PTP4_PROBE_LIMIT; count++) {
      length = writePtp4Count(link.output, 0, count + 1);
      const id = link.receive();
      markers.mark(count + 1);
      if (id === PTP4_ECHO) link.send(PTP4_PROBE, length);
      checkTurn(link, id, id === PTP4_END ? PTP4_END : PTP4_ECHO, count);
      if (id === PTP4_END) return count;
    }
    throw wrongContent(link, `more than ${PTP4_PROBE_LIMIT} echoes`);
  }
}
