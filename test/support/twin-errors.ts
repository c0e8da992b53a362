import type { Twins } from '../../src/demo/twins.ts';

/** Switches on either side that have a say in what the clocks' error is. */
const NEIGHBOURS = 7;

/**
 * Errors as seen, each the median of its neighbours': a CPU that was taken away between the two stamps of a switch has
 * one large error, clocks that are not brought together have many in a row. For clocks whose true distance nobody knows.
 */
export function steadyErrors({ errors, times }: Twins): Float64Array {
  const order = errors.map((_, event) => event).sort((a, b) => Number((times[a] as bigint) - (times[b] as bigint)));
  const steady = new Float64Array(errors.length);
  for (const [place, event] of order.entries()) {
    const near = order.slice(Math.max(0, place - NEIGHBOURS), place + NEIGHBOURS + 1);
    steady[event] = near.map((other) => errors[other] as number).sort()[near.length >> 1] as number;
  }
  return steady;
}
