import { TandemError } from '../../base/errors.ts';
import {
  PTP_END,
  PTP_FASTEST_RESPONSE,
  PTP_OFFSET,
  PTP_PROBE,
  PTP_PROBE_LIMIT,
  PTP_PROBE_SIZE,
  PTP_PROBES,
  PTP_START,
  PTP_START_SIZE,
  PTP_USE_MARKERS,
  readPtpProbe,
  readPtpProbes,
  readPtpSeries,
  writePtpOffset,
  writePtpProbe,
  writePtpStart,
} from '../../wire/time-sync/ptp.ts';
import { burstFindings } from '../estimators/burst.ts';
import type { GuestSide, GuestTools } from '../types.ts';
import { wrongContent, wrongMessage } from './peer-error.ts';
import { ProbePlan } from './probe-plan.ts';

/** The guest's side of `ptp`: it asks, and computes the result by the same estimator as everything else. */
export class PtpGuest implements GuestSide {
  readonly #tools: GuestTools;
  readonly #plan = new ProbePlan(PTP_PROBE_LIMIT);
  readonly #arrivals = new BigUint64Array(PTP_PROBE_LIMIT);
  #series = 0;

  constructor(tools: GuestTools) {
    this.#tools = tools;
  }

  answer(cpu: number): void {
    const { link, markers, now } = this.#tools;
    this.#series++;
    // Slots: two per probe, when it was sent and when its echo arrived.
    markers.begin(2 * PTP_PROBE_LIMIT);
    link.send(PTP_START, writePtpStart(link.output, 0, this.#series, PTP_FASTEST_RESPONSE | PTP_USE_MARKERS));
    this.#expect(PTP_START, PTP_START_SIZE, 'the echo of our start was due');
    this.#plan.begin(now());
    const count = this.#probe();
    link.send(PTP_END, 0);

    const length = this.#expect(PTP_PROBES, 8, 'its stamps were due');
    if (readPtpSeries(link.input, 0) !== this.#series) throw wrongContent(link, 'the stamps of another measurement');
    readPtpProbes(link.input, 0, length, this.#arrivals, link.peer);
    const stamps = markers.read();
    const findings = burstFindings({
      count,
      guestSend: stamps.filter((_, slot) => slot % 2 === 0).slice(0, count),
      hostReceive: this.#arrivals,
      hostSend: this.#arrivals,
      guestReceive: stamps.filter((_, slot) => slot % 2 === 1).slice(0, count),
    });
    const { time, offset } = findings?.sample ?? { time: 0n, offset: 0n };
    // Nothing tells the host to wait no longer but a result; zeros are what it throws away.
    link.send(PTP_OFFSET, writePtpOffset(link.output, 0, time, offset));
    if (!findings) {
      throw new TandemError('PEER', link.peer, `stamped none of ${count} probes of CPU ${cpu} that we stamped too`);
    }
  }

  /** Returns how many probes there were. */
  #probe(): number {
    const { link, markers, now } = this.#tools;
    this.#send(1);
    for (let count = 1; ; count++) {
      const id = link.receive();
      markers.mark(2 * count - 1);
      const more = this.#plan.goesOn(now());
      const early = this.#plan.delaysPayloads && more && id === PTP_PROBE;
      if (early) this.#send(count + 1);
      const length = link.payload();
      if (id !== PTP_PROBE) throw wrongMessage(link, id, `the echo of probe ${count} was due`);
      if (length < PTP_PROBE_SIZE || readPtpProbe(link.input, 0) !== count) {
        throw wrongContent(link, `the echo of another probe than number ${count}`);
      }
      if (!more) return count;
      if (!early) this.#send(count + 1);
    }
  }

  #send(count: number): void {
    const { link, markers } = this.#tools;
    const length = writePtpProbe(link.output, 0, count);
    markers.mark(2 * count - 2);
    link.send(PTP_PROBE, length);
  }

  /** Returns the length of the payload. */
  #expect(expected: number, size: number, step: string): number {
    const { link } = this.#tools;
    const id = link.receive();
    const length = link.payload();
    if (id !== expected) throw wrongMessage(link, id, step);
    if (length < size) throw wrongContent(link, `${length} bytes where ${size} belong`);
    return length;
  }
}
