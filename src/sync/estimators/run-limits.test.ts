import { describe, expect, test } from 'vitest';
import { middle, outcome } from '../../../test/support/clock-outcome.ts';
import { type Scenario, type Simulation, simulate } from '../../../test/support/clock-simulator.ts';
import type { Probes, VcpuRuns } from '../types.ts';
import { burstFindings } from './burst.ts';
import { robust } from './robust.ts';

const SECOND = 1e9;
/** From kick to arrival, and from echo to injection, of a vsock: most of it is the host's. */
const way = { toHost: { least: 9000, jitter: 4000 }, toGuest: { least: 7000, jitter: 4000 } };
const vcpu = {
  toExit: { least: 1500, jitter: 600 },
  toStamp: { least: 2500, jitter: 1500 },
  out: { least: 1000, jitter: 500 },
  between: 40_000,
  alone: { count: 64, toStamp: { least: 600, jitter: 300 }, toExit: { least: 500, jitter: 300 } },
};
const { alone: _, ...messagesOnly } = vcpu;
const base = { rounds: 10, interval: SECOND, cpus: 2, probes: 60, guest: { drift: 12 }, way, vcpu };
const uneven = { toHost: { least: 60_000, jitter: 4000 }, toGuest: { least: 5000, jitter: 1000 } };

const SCENARIOS: readonly (Scenario & { readonly clock?: string })[] = [
  { ...base, name: 'no drift', guest: {} },
  { ...base, name: 'drift' },
  { ...base, name: 'fast drift', guest: { drift: -90 } },
  { ...base, name: 'uneven ways', way: uneven },
  { ...base, name: 'uneven ways, drift', way: uneven, guest: { drift: 60 } },
  { ...base, name: 'start and end only', rounds: 2, interval: 20 * SECOND },
  { ...base, name: 'one round', rounds: 1 },
  { ...base, name: 'few probes', probes: 8 },
  { ...base, name: 'no other exits', vcpu: { ...vcpu, between: Number.POSITIVE_INFINITY } },
  { ...base, name: 'many other exits', vcpu: { ...vcpu, between: 4000 } },
  { ...base, name: 'long exits', vcpu: { ...vcpu, out: { least: 8000, jitter: 8000 } } },
  { ...base, name: 'busy hosts', way: { ...way, burst: { share: 0.1, probes: 10 } } },
  { ...base, name: 'vCPUs that stand still', way: { ...way, stop: { share: 0.1, most: 8e6 } } },
  { ...base, name: 'lost stamps', way: { ...way, lost: 0.1 } },
  { ...base, name: 'wander', rounds: 40, guest: { drift: 5, wander: 0.05 } },
  { ...base, name: 'a step', guest: { drift: 5, steps: [{ at: 5.4e9, by: 3e6 }] } },
  { ...base, name: 'a small step', rounds: 20, guest: { steps: [{ at: 9.5e9, by: -300_000 }] } },
  { ...base, name: 'ticks of one crystal', guest: {}, clock: 'x86-tsc' },
  { ...base, name: 'ticks of one crystal, uneven ways', guest: {}, way: uneven, clock: 'x86-tsc' },
  { ...base, name: 'ticks of one crystal, a step', guest: { steps: [{ at: 5.4e9, by: 4e5 }] }, clock: 'x86-tsc' },
  { ...base, name: 'ticks of two crystals after all', guest: { drift: 3 }, clock: 'x86-tsc' },
  { ...base, name: 'a clock per CPU', guest: { drift: 3, skew: [0, 400_000] }, clock: 'local' },
];
/** What was seen is of little use, or of none: nothing wrong may be made of it. */
const USELESS: typeof SCENARIOS = [
  { ...base, name: 'no stamps but those of messages', vcpu: messagesOnly },
  { ...base, name: 'no stamps but those of messages, uneven ways', vcpu: messagesOnly, way: uneven },
  { ...base, name: 'few exits', probes: 8, vcpu: { ...messagesOnly, between: Number.POSITIVE_INFINITY } },
  { ...base, name: 'an idle thread', vcpu: { ...vcpu, isOther: true, between: 400_000 } },
  { ...base, name: 'a busy thread', vcpu: { ...vcpu, isOther: true, between: 20_000 } },
  { ...base, name: 'a very busy thread', vcpu: { ...vcpu, isOther: true, between: 4000 } },
  { ...base, name: 'ticks of a TSC', guest: { rate: 2.4, drift: 3 } },
];

const withoutRuns = ({ measurements, events }: Simulation): Simulation => ({
  events,
  measurements: measurements.map((measurement) => {
    const probes = measurement.probes && { ...measurement.probes, runs: undefined };
    return { ...measurement, ...(probes && burstFindings(probes)), probes };
  }),
});
const SEEDS = [1, 2, 3, 4, 5];

function outcomes(scenario: (typeof SCENARIOS)[number]) {
  return SEEDS.map((seed) => {
    const simulation = simulate(scenario, seed);
    return {
      own: outcome(simulation, scenario, robust),
      plain: outcome(withoutRuns(simulation), scenario, robust),
    };
  });
}

describe('runs of vCPUs against simulated clocks', () => {
  const ratios: number[] = [];

  test.each(SCENARIOS)('$name', (scenario) => {
    const all = outcomes(scenario);
    for (const { own, plain } of all) {
      expect(own.covered).toBeGreaterThanOrEqual(Math.min(plain.covered, 0.999));
      expect(own.bound).toBeLessThanOrEqual(plain.bound);
      expect(own.error).toBeLessThanOrEqual(own.bound);
      ratios.push(own.bound / plain.bound);
    }
  });

  test('leave much less room than messages do', () => {
    expect(middle(ratios)).toBeLessThan(0.4);
  });

  test.each(USELESS)('$name: nothing wrong is believed', (scenario) => {
    for (const { own, plain } of outcomes(scenario)) {
      expect(own.covered).toBeGreaterThanOrEqual(Math.min(plain.covered, 0.999));
    }
  });
});

describe('a burst', () => {
  const one = (vcpu: Scenario['vcpu']): Probes =>
    simulate({ ...base, name: 'one', rounds: 1, cpus: 1, guest: {}, vcpu: vcpu! }, 1).measurements[0]!.probes!;
  const probes = one(vcpu);
  const bound = (runs: VcpuRuns | undefined): bigint => burstFindings({ ...probes, runs })!.sample.bound!;

  test('is bounded by entries and exits next to its stamps', () => {
    const { alone } = vcpu;
    expect(bound(probes.runs)).toBeLessThan((alone.toExit.least + alone.toStamp.least) / 2 + 100);
    expect(bound(undefined)).toBeGreaterThan((way.toHost.least + way.toGuest.least) / 2);
  });

  test('with a stamp between two runs is one of messages only', () => {
    const { entries, exits } = probes.runs!;
    const middle = probes.guestSend[30]! + 5_000_000_000_000n - 77_000_000_000n;
    const isNear = (time: bigint): boolean => time > middle - 100_000n && time < middle + 100_000n;
    const cut = {
      entries: entries.map((entry) => (isNear(entry) ? middle + 100_000n : entry)),
      exits: exits.map((exit) => (isNear(exit) ? middle - 100_000n : exit)),
    };
    expect(bound(cut)).toBe(bound(undefined));
  });

  test('of which no run is known is one of messages only', () => {
    expect(bound({ entries: new BigUint64Array(1), exits: new BigUint64Array(1) })).toBe(bound(undefined));
  });
});
