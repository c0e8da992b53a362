import {
  PTP_END,
  PTP_FASTEST_RESPONSE,
  PTP_OFFSET,
  PTP_OFFSET_SIZE,
  PTP_PROBE,
  PTP_PROBE_LIMIT,
  PTP_PROBE_SIZE,
  PTP_PROBES,
  PTP_START,
  PTP_START_SIZE,
  PTP_USE_MARKERS,
  readPtpFlags,
  readPtpOffset,
  readPtpProbe,
  readPtpSeries,
  readPtpTime,
  writePtpProbe,
  writePtpProbes,
  writePtpStart,
} from '../../wire/time-sync/ptp.ts';
import type { HostSide, HostTools, Measurement, Stamper } from '../types.ts';
import { wrongContent, wrongMessage } from './peer-error.ts';
import { ProbePlan } from './probe-plan.ts';

/** Slot of the stamp before START is echoed; probe k has slot k, and END the one behind the last probe. */
const START_SLOT = 0;
const SLOTS = PTP_PROBE_LIMIT + 2;

/** The host's side of `ptp`: it stamps and echoes, the guest computes. */
export class PtpHost implements HostSide {
  readonly #tools: HostTools;
  readonly #plan = new ProbePlan(PTP_PROBE_LIMIT);

  constructor(tools: HostTools) {
    this.#tools = tools;
  }

  measure(cpu: number): Measurement {
    const { link, markers, systemClock, now } = this.#tools;
    markers.begin(SLOTS);
    this.#tools.ask(cpu);
    this.#expect(PTP_START, PTP_START_SIZE, 'its start of a measurement was due');
    const series = readPtpSeries(link.input, 0);
    const flags = readPtpFlags(link.input, 0);
    const stamper = (flags & PTP_USE_MARKERS) !== 0 ? markers : systemClock;
    if (stamper === systemClock) systemClock.begin(SLOTS);
    this.#plan.begin(now());
    stamper.mark(START_SLOT);
    link.send(PTP_START, writePtpStart(link.output, 0, series, flags));

    const count = this.#echoProbes(stamper);
    const stamps = stamper.read();
    const arrivals = stamps.slice(1, 1 + count);
    const bound = boundOf(stamps.subarray(0, count + 2), (flags & PTP_FASTEST_RESPONSE) !== 0);
    link.send(PTP_PROBES, writePtpProbes(link.output, 0, series, arrivals, count));

    this.#expect(PTP_OFFSET, PTP_OFFSET_SIZE, 'its result was due');
    const time = BigInt.asUintN(64, readPtpTime(link.input, 0));
    const offset = readPtpOffset(link.input, 0);
    if (time === 0n) throw wrongContent(link, `no result: none of ${count} probes was stamped on both sides`);
    const missing = new BigUint64Array(count);
    return {
      cpu,
      sample: { time, offset, scaling: 1n, fraction: 0, bound },
      limits: undefined,
      probes: { count, guestSend: missing, hostReceive: arrivals, hostSend: missing, guestReceive: missing },
    };
  }

  /** Returns how many probes there were. */
  #echoProbes(stamper: Stamper): number {
    const { link, now } = this.#tools;
    for (let count = 1; ; count++) {
      const id = link.receive();
      // Behind the last one that there can be, only END is left.
      if (id === PTP_END || count > PTP_PROBE_LIMIT) {
        stamper.mark(count);
        link.payload();
        if (id !== PTP_END) throw wrongMessage(link, id, `after ${PTP_PROBE_LIMIT} probes`);
        return count - 1;
      }
      stamper.mark(count);
      const early = this.#plan.delaysPayloads && id === PTP_PROBE;
      if (early) link.send(PTP_PROBE, writePtpProbe(link.output, 0, count));
      const length = link.payload();
      if (id !== PTP_PROBE) throw wrongMessage(link, id, `probe ${count} was due`);
      if (length < PTP_PROBE_SIZE || readPtpProbe(link.input, 0) !== count) {
        throw wrongContent(link, `another probe than number ${count}`);
      }
      if (!early) link.send(PTP_PROBE, writePtpProbe(link.output, 0, count));
      this.#plan.goesOn(now());
    }
  }

  #expect(expected: number, size: number, step: string): void {
    const { link } = this.#tools;
    const id = link.receive();
    const length = link.payload();
    if (id !== expected) throw wrongMessage(link, id, step);
    if (length < size) throw wrongContent(link, `${length} bytes where ${size} belong`);
  }
}

/**
 * How far the guest's result can be off: half of a round trip. The guest's stamps of probe k lie between the host's of
 * probes k - 1 and k + 1, so its round trip took no longer than that. The guest takes the fastest one; where a
 * histogram decides, it may be any.
 */
function boundOf(stamps: BigUint64Array, fastest: boolean): bigint | undefined {
  const made = stamps.filter((stamp) => stamp !== 0n);
  let bound: bigint | undefined;
  for (let k = 1; k + 1 < made.length; k++) {
    const span = (made[k + 1] as bigint) - (made[k - 1] as bigint);
    if (bound === undefined || (fastest ? span < bound : span > bound)) bound = span;
  }
  return bound === undefined ? undefined : bound / 2n + 1n;
}
