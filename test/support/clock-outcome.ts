import type { Estimator } from '../../src/sync/estimators/estimator.ts';
import { kvmEvents } from '../../src/sync/protocols/kvm-events.ts';
import { ptp4 } from '../../src/sync/protocols/ptp4.ts';
import { timeShiftOf } from '../../src/sync/time-shift.ts';
import { Correction } from '../../src/time/correction.ts';
import { errorBound } from '../../src/time/error-bound.ts';
import type { Ticks } from '../../src/time/types.ts';
import type { Scenario, Simulation } from './clock-simulator.ts';

export interface Outcome {
  /** Median of the errors of all events, ns. */
  readonly error: number;
  /** Median of their bounds. */
  readonly bound: number;
  /** Share of the events whose error is within the bound. */
  readonly covered: number;
}

/** How right an estimator is about simulated clocks. */
export function outcome(
  { measurements, events }: Simulation,
  scenario: Scenario & { readonly clock?: string },
  estimator: Estimator,
): Outcome {
  const shift = timeShiftOf({
    ...{
      protocol: scenario.vcpu ? kvmEvents : ptp4,
      measurements,
      cpuCount: scenario.cpus,
      guestClock: scenario.clock ?? 'mono',
      peerTraceId: 1n,
      estimator,
    },
  });
  if (!shift) throw new Error('nothing was found');
  const corrections = shift.cpus.map((_, cpu) => new Correction(cpu, { mode: 'stock', timeShift: shift, offset: 0n }));
  const results = events.map(({ cpu, guest, host }) => {
    const error = Math.abs(Number((corrections[cpu] as Correction).correct(guest as Ticks) - host));
    const bound = Number(errorBound(shift.cpus[cpu] ?? [], shift.flags, guest) ?? 0n);
    return { error, bound };
  });
  return {
    error: middle(results.map(({ error }) => error)),
    bound: middle(results.map(({ bound }) => bound)),
    covered: results.filter(({ error, bound }) => error <= bound).length / results.length,
  };
}

export const middle = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] as number;
