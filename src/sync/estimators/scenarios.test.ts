import { describe, expect, test } from 'vitest';
import { middle, outcome } from '../../../test/support/clock-outcome.ts';
import { type Scenario, simulate } from '../../../test/support/clock-simulator.ts';
import { fastest, histogram } from './classic.ts';
import { robust } from './robust.ts';

const SECOND = 1e9;
const loopback = { least: 8000, jitter: 3000 };
const quick = { toHost: loopback, toGuest: loopback };
const base = { rounds: 10, interval: SECOND, cpus: 2, probes: 60, guest: { drift: 12 }, way: quick };
const slow = { least: 150_000, jitter: 60_000 };

/** Clocks of one kind, messages of one kind: each is one thing that goes wrong in the world. */
const SCENARIOS: readonly (Scenario & { readonly clock?: string })[] = [
  { ...base, name: 'loopback', guest: {} },
  { ...base, name: 'drift' },
  { ...base, name: 'fast drift', guest: { drift: -90 } },
  { ...base, name: 'start and end only', rounds: 2, interval: 20 * SECOND },
  { ...base, name: 'start and end only, one CPU', rounds: 2, interval: 5 * SECOND, cpus: 1 },
  { ...base, name: 'one round', rounds: 1 },
  { ...base, name: 'many rounds', rounds: 100, interval: SECOND / 10 },
  { ...base, name: 'many CPUs', cpus: 16, rounds: 5 },
  { ...base, name: 'few probes', probes: 8 },
  { ...base, name: 'many probes', probes: 339 },
  {
    ...base,
    name: 'jitter on the way to the host',
    way: { toHost: { least: 8000, jitter: 30_000 }, toGuest: loopback },
  },
  {
    ...base,
    name: 'jitter on the way to the guest',
    way: { toHost: loopback, toGuest: { least: 8000, jitter: 30_000 } },
  },
  {
    ...base,
    name: 'uneven ways',
    way: { toHost: { least: 8000, jitter: 3000 }, toGuest: { least: 11_000, jitter: 3000 } },
  },
  {
    ...base,
    name: 'very uneven ways',
    way: { toHost: { least: 1000, jitter: 500 }, toGuest: { least: 25_000, jitter: 500 } },
  },
  {
    ...base,
    name: 'very uneven ways, wander',
    rounds: 40,
    guest: { drift: -30, wander: 0.05 },
    way: { toHost: { least: 25_000, jitter: 500 }, toGuest: { least: 500, jitter: 200 } },
  },
  {
    ...base,
    name: 'very uneven ways and steps',
    guest: { steps: [{ at: 5.4e9, by: -5e6 }] },
    way: { toHost: { least: 25_000, jitter: 500 }, toGuest: { least: 500, jitter: 200 } },
  },
  {
    ...base,
    name: 'very uneven ways, start and end only',
    rounds: 2,
    interval: 20 * SECOND,
    guest: { drift: 40 },
    way: { toHost: { least: 25_000, jitter: 500 }, toGuest: { least: 500, jitter: 200 } },
  },
  { ...base, name: 'a slow network', way: { toHost: slow, toGuest: slow } },
  { ...base, name: 'a slow network, many rounds', rounds: 60, way: { toHost: slow, toGuest: slow } },
  { ...base, name: 'a slow network, fast drift', guest: { drift: -90 }, way: { toHost: slow, toGuest: slow } },
  {
    ...base,
    name: 'a slow network, few probes, busy hosts',
    probes: 20,
    cpus: 1,
    way: { toHost: slow, toGuest: slow, burst: { share: 0.1, probes: 15 } },
  },
  { ...base, name: 'busy hosts', way: { ...quick, burst: { share: 0.05, probes: 10 } } },
  { ...base, name: 'very busy hosts', way: { ...quick, burst: { share: 0.3, probes: 15 } } },
  { ...base, name: 'vCPUs that stand still', way: { ...quick, stop: { share: 0.05, most: 8e6 } } },
  { ...base, name: 'vCPUs that mostly stand still', way: { ...quick, stop: { share: 0.5, most: 8e6 } } },
  { ...base, name: 'lost stamps', way: { ...quick, lost: 0.05 } },
  { ...base, name: 'many lost stamps', way: { ...quick, lost: 0.4 } },
  { ...base, name: 'a little wander', rounds: 40, guest: { drift: 5, wander: 0.01 } },
  { ...base, name: 'wander', rounds: 40, guest: { drift: 5, wander: 0.05 } },
  { ...base, name: 'wander, many rounds', rounds: 100, interval: SECOND / 4, guest: { drift: 5, wander: 0.1 } },
  { ...base, name: 'much wander', rounds: 40, guest: { drift: 5, wander: 1 } },
  { ...base, name: 'wander, start and end only', rounds: 2, interval: 10 * SECOND, guest: { drift: 5, wander: 0.02 } },
  { ...base, name: 'ticks of a TSC', guest: { rate: 2.4, drift: 3 } },
  { ...base, name: 'ticks of a TSC, start and end only', rounds: 2, guest: { rate: 2.4, drift: 3 } },
  {
    ...base,
    name: 'ticks of a slow TSC, busy',
    guest: { rate: 1.6 },
    way: { ...quick, burst: { share: 0.1, probes: 10 } },
  },
  { ...base, name: 'a step forward', guest: { drift: 5, steps: [{ at: 5.4e9, by: 3e6 }] } },
  { ...base, name: 'a step of a second', guest: { drift: 5, steps: [{ at: 5.4e9, by: 1e9 }] } },
  { ...base, name: 'a small step', rounds: 20, interval: SECOND / 5, guest: { steps: [{ at: 2.5e9, by: 150_000 }] } },
  { ...base, name: 'a step backward', guest: { drift: 5, steps: [{ at: 5.4e9, by: -2e6 }] } },
  {
    ...base,
    name: 'steps',
    rounds: 30,
    guest: {
      drift: 5,
      steps: [
        { at: 7.3e9, by: 5e6 },
        { at: 15.2e9, by: -4e6 },
        { at: 22.9e9, by: 8e7 },
      ],
    },
  },
  { ...base, name: 'a step between start and end', rounds: 2, guest: { steps: [{ at: 1.4e9, by: 5e8 }] } },
  { ...base, name: 'a clock per CPU', guest: { drift: 3, skew: [0, 400_000] }, clock: 'local' },
  { ...base, name: 'a step amid a burst', cpus: 1, guest: { steps: [{ at: 4.0008e9, by: 2e6 }] } },
];

const SEEDS = [1, 2, 3, 4, 5];

describe('estimators against simulated clocks', () => {
  const ratios: { histogram: number; fastest: number }[] = [];
  let covered = 0;

  test.each(SCENARIOS)('$name', (scenario) => {
    const runs = SEEDS.map((seed) => {
      const simulation = simulate(scenario, seed);
      const ours = outcome(simulation, scenario, robust);
      return {
        ...ours,
        histogram: outcome(simulation, scenario, histogram).error,
        fastest: outcome(simulation, scenario, fastest).error,
      };
    });
    const mean = (value: (run: (typeof runs)[number]) => number): number =>
      runs.reduce((sum, run) => sum + value(run), 0) / runs.length;
    const error = mean((run) => run.error);
    ratios.push({ histogram: error / mean((run) => run.histogram), fastest: error / mean((run) => run.fastest) });
    covered += mean((run) => run.covered);
    expect(mean((run) => run.covered)).toBeGreaterThan(0.995);
  });

  test('true errors are within the bounds, and half of those of trace-cmd’s estimators at most', () => {
    expect(middle(ratios.map((ratio) => ratio.histogram))).toBeLessThan(0.5);
    expect(middle(ratios.map((ratio) => ratio.fastest))).toBeLessThan(0.5);
    expect(covered / ratios.length).toBeGreaterThan(0.999);
  });
});
