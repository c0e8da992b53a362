import { burstFindings } from '../../src/sync/estimators/burst.ts';
import type { Measurement, Probes, VcpuRuns } from '../../src/sync/types.ts';

/**
 * Two clocks and the messages between them, as far as time synchronisation sees them. The host's clock is the true
 * time in ns; the guest's drifts, wanders and steps. Deterministic for a seed.
 */
export interface Scenario {
  readonly name: string;
  readonly rounds: number;
  /** Between the starts of two rounds, ns. */
  readonly interval: number;
  readonly cpus: number;
  readonly probes: number;
  readonly guest: {
    /** Guest units per ns: 1 for ns, 2.4 for a TSC. */
    readonly rate?: number;
    /** Parts per million. */
    readonly drift?: number;
    /** Standard deviation of the rate's change within a second, in parts per million. */
    readonly wander?: number;
    /** Jumps of the guest's clock: ns from the start, guest units. */
    readonly steps?: readonly { readonly at: number; readonly by: number }[];
    /** Per CPU, guest units: a clock that is not the same on all. */
    readonly skew?: readonly number[];
  };
  /** Of messages, ns. */
  readonly way: {
    readonly toHost: Way;
    readonly toGuest: Way;
    /** Between two probes. */
    readonly pause?: number;
    /** Share of the probes with which a time of ten times the jitter begins, and how many probes it lasts. */
    readonly burst?: { readonly share: number; readonly probes: number };
    /** Share of the stamps before or after which the vCPU stands still, and for how long at most. */
    readonly stop?: { readonly share: number; readonly most: number };
    /** Share of the stamps that are missing. */
    readonly lost?: number;
  };
  /** The host sees when the guest's vCPU runs. The ways of messages begin and end with an exit of it. */
  readonly vcpu?: Vcpu;
}

/** A vCPU that runs but for its exits. */
export interface Vcpu {
  /** From a stamp to the exit by which its message is sent. */
  readonly toExit: Way;
  /** From the entry with which a message arrives to its stamp. */
  readonly toStamp: Way;
  /** From an exit to the next entry. */
  readonly out: Way;
  /** Stamps without a message, at the end of a burst: how many, and from entry to stamp and from stamp to exit. */
  readonly alone?: { readonly count: number; readonly toStamp: Way; readonly toExit: Way };
  /** Between exits of other reasons, on average. */
  readonly between?: number;
  /** What was seen is another thread, which has nothing to do with the guest's CPU. */
  readonly isOther?: boolean;
}

export interface Way {
  /** What it takes at least. */
  readonly least: number;
  /** Mean of what comes on top, exponentially distributed. */
  readonly jitter: number;
}

export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** Even between 0 and 1. */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  normal(): number {
    return Math.sqrt(2 * this.exponential(1)) * Math.cos(2 * Math.PI * this.next());
  }
}

const HOST_START = 5_000_000_000_000n;
const GUEST_START = 77_000_000_000n;
/** How often the guest's rate changes, ns. */
const WANDER_STEP = 50_000_000;

/** The guest's clock over a whole session. */
class GuestClock {
  readonly #scenario: Scenario;
  /** Guest time since its start at each WANDER_STEP, in guest units. */
  readonly #grid: number[] = [0];

  constructor(scenario: Scenario, length: number, random: Random) {
    this.#scenario = scenario;
    const { rate = 1, drift = 0, wander = 0 } = scenario.guest;
    let error = drift;
    for (let at = 0; at <= length + WANDER_STEP; at += WANDER_STEP) {
      this.#grid.push((this.#grid[this.#grid.length - 1] as number) + rate * (1 + error * 1e-6) * WANDER_STEP);
      error += wander * Math.sqrt(WANDER_STEP / 1e9) * random.normal();
    }
  }

  /** Guest units since the guest's start, at a time in ns since the session's start. */
  at(time: number, cpu: number): number {
    const cell = Math.floor(time / WANDER_STEP);
    const [a, b] = [this.#grid[cell] as number, this.#grid[cell + 1] as number];
    const { steps = [], skew = [] } = this.#scenario.guest;
    const stepped = steps.reduce((sum, step) => (time >= step.at ? sum + step.by : sum), 0);
    return a + ((b - a) * (time - cell * WANDER_STEP)) / WANDER_STEP + stepped + (skew[cpu] ?? 0);
  }
}

/** An event in the guest's trace: its stamp, and when it was. */
export interface TrueEvent {
  readonly cpu: number;
  readonly guest: bigint;
  readonly host: bigint;
}

export interface Simulation {
  readonly measurements: readonly Measurement[];
  /** Evenly between the first and the last stamp. */
  readonly events: readonly TrueEvent[];
}

export function simulate(scenario: Scenario, seed: number, eventCount = 400): Simulation {
  const random = new Random(seed);
  const clock = new GuestClock(scenario, scenario.rounds * scenario.interval + 60e9, random);
  const measurements: Measurement[] = [];
  const guestStamp = (time: number, cpu: number): bigint => GUEST_START + BigInt(Math.floor(clock.at(time, cpu)));
  const hostStamp = (time: number): bigint => HOST_START + BigInt(Math.floor(time));
  let now = 1e9;
  const start = now;
  for (let round = 0; round < scenario.rounds; round++) {
    now = Math.max(now, start + round * scenario.interval);
    for (let cpu = 0; cpu < scenario.cpus; cpu++) {
      const burst = new Burst(scenario, random);
      const list: bigint[][] = [];
      for (let k = 0; k < scenario.probes; k++) {
        const times = burst.probe(now);
        now = times[3] + random.exponential(scenario.way.pause ?? 2000);
        const stamps = [
          guestStamp(times[0], cpu),
          hostStamp(times[1]),
          hostStamp(times[2]),
          guestStamp(times[3], cpu),
        ].map((stamp) => (random.next() < (scenario.way.lost ?? 0) ? 0n : stamp));
        list.push(stamps);
      }
      for (const time of burst.alone(now)) {
        now = time;
        list.push([guestStamp(time, cpu), 0n, 0n, 0n]);
      }
      const runs = burst.runs(hostStamp);
      const probes = { ...probesOf(list), ...(runs && { runs }) };
      const findings = burstFindings(probes) ?? { sample: fallback(list), limits: undefined };
      measurements.push({ cpu, ...findings, probes });
      now += 300_000;
    }
  }
  const events = Array.from({ length: eventCount }, (_, i): TrueEvent => {
    const time = start + ((now - 300_000 - start) * (i + 0.5)) / eventCount;
    const cpu = i % scenario.cpus;
    return { cpu, guest: guestStamp(time, cpu), host: hostStamp(time) };
  });
  return { measurements, events };
}

/** When the four stamps of probes are made. */
class Burst {
  readonly #scenario: Scenario;
  readonly #random: Random;
  #slowLeft = 0;
  readonly #stamps: number[] = [];
  /** When the vCPU was out: from exit to entry. */
  readonly #outs: [number, number][] = [];

  constructor(scenario: Scenario, random: Random) {
    this.#scenario = scenario;
    this.#random = random;
  }

  probe(now: number): [number, number, number, number] {
    const { toHost, toGuest, burst } = this.#scenario.way;
    const { vcpu } = this.#scenario;
    if (burst && this.#random.next() < burst.share) this.#slowLeft = burst.probes;
    const factor = this.#slowLeft-- > 0 ? 10 : 1;
    if (vcpu) {
      const exit = this.#leave(now + this.#delay(vcpu.toExit, factor), this.#delay(vcpu.out, 1) + this.#stop());
      const arrival = exit + this.#delay(toHost, factor);
      const delivery = arrival + 500 + this.#delay(toGuest, factor);
      const out = this.#delay(vcpu.out, 1) + this.#stop();
      const stamped = this.#leave(delivery, out) + out + this.#delay(vcpu.toStamp, factor);
      this.#stamps.push(now, stamped);
      return [now, arrival, arrival + 500, stamped];
    }
    const arrival = now + this.#stop() + this.#delay(toHost, factor);
    const echo = arrival + 500;
    return [now, arrival, echo, echo + this.#delay(toGuest, factor) + this.#stop()];
  }

  /** When stamps are made without a message, each between two exits. */
  alone(now: number): number[] {
    const { vcpu } = this.#scenario;
    if (!vcpu?.alone) return [];
    const times: number[] = [];
    let at = now;
    for (let k = 0; k <= vcpu.alone.count; k++) {
      const out = this.#delay(vcpu.out, 1) + this.#stop();
      const entry = this.#leave(at, out) + out;
      const time = entry + this.#delay(vcpu.alone.toStamp, 1);
      at = time + this.#delay(vcpu.alone.toExit, 1);
      if (k < vcpu.alone.count) times.push(time);
    }
    this.#stamps.push(...times);
    return times;
  }

  /** The vCPU exits, and is back after `out`; later than asked where it is out at that time. Returns when it exited. */
  #leave(at: number, out: number): number {
    const exit = Math.max(at, (this.#outs.at(-1)?.[1] ?? 0) + 1);
    this.#outs.push([exit, exit + out]);
    return exit;
  }

  /** When the vCPU ran, as the host has seen it; undefined where it has not. */
  runs(stamp: (time: number) => bigint): VcpuRuns | undefined {
    const { vcpu } = this.#scenario;
    const [first, last] = [this.#stamps[0], this.#stamps.at(-1)];
    if (!vcpu || first === undefined || last === undefined) return undefined;
    const { between = Number.POSITIVE_INFINITY, isOther = false } = vcpu;
    const outs = [[first - 50_000, first - 45_000], ...(isOther ? [] : this.#outs), [last + 45_000, last + 50_000]];
    const isFree = ([from, to]: readonly [number, number]): boolean =>
      outs.every(([exit, entry]) => from > (entry as number) || to < (exit as number)) &&
      (isOther || this.#stamps.every((time) => time < from || time > to));
    for (let at = first; at < last; at += this.#random.exponential(between)) {
      const other = [at, at + this.#delay(vcpu.out, 1)] as const;
      if (isFree(other)) outs.push([...other]);
    }
    outs.sort((a, b) => (a[0] as number) - (b[0] as number));
    const [exits, entries] = [0, 1].map((end) => outs.map((out) => stamp(out[end] as number))) as [bigint[], bigint[]];
    return { entries: BigUint64Array.from([0n, ...entries]), exits: BigUint64Array.from([...exits, 0n]) };
  }

  #delay({ least, jitter }: Way, factor: number): number {
    return least + this.#random.exponential(jitter * factor);
  }

  #stop(): number {
    const { stop } = this.#scenario.way;
    return stop && this.#random.next() < stop.share ? this.#random.next() * stop.most : 0;
  }
}

function probesOf(list: readonly (readonly bigint[])[]): Probes {
  const column = (at: number): BigUint64Array => BigUint64Array.from(list, (stamps) => stamps[at] as bigint);
  return {
    count: list.length,
    guestSend: column(0),
    hostReceive: column(1),
    hostSend: column(2),
    guestReceive: column(3),
  };
}

/** What a guest might report that has no idea: the first probe that is complete. */
function fallback(list: readonly (readonly bigint[])[]): Measurement['sample'] {
  const [sent, arrived] = (list.find((stamps) => !stamps.includes(0n)) ?? [0n, 0n]) as [bigint, bigint];
  return { time: sent, offset: arrived - sent, scaling: 1n, fraction: 0, bound: undefined };
}
