import type { LoggedMeasurement } from '../../src/sync/log.ts';
import type { Probes } from '../../src/sync/types.ts';

/** How long probes were on their way in one direction, us. */
interface Way {
  readonly least: number;
  readonly median: number;
}

/** The ways of one measurement's probes. */
interface Ways {
  readonly probes: number;
  readonly toHost: Way;
  readonly toGuest: Way;
  /** What taking the fastest ways for equally long is wrong by, us. */
  readonly uneven: number;
}

/** The ways of all probes, by what KVM adds to the host's TSC to get the guest's. */
export function waysOf(measurements: readonly LoggedMeasurement[], tscOffset: bigint, ticksOfSecond: number): Ways[] {
  const microseconds = (ticks: bigint): number => (Number(ticks) * 1e6) / ticksOfSecond;
  return measurements.flatMap(({ probes }) => {
    if (!probes) return [];
    const toHost = wayOf(probes, 'guestSend', 'hostReceive', (sent, received) => received - sent + tscOffset);
    const toGuest = wayOf(probes, 'hostSend', 'guestReceive', (sent, received) => received - sent - tscOffset);
    if (toHost.length === 0 || toGuest.length === 0) return [];
    const ways = [toHost, toGuest].map((ticks) => {
      const sorted = ticks.map(microseconds).sort((a, b) => a - b);
      return { least: sorted[0]!, median: sorted[sorted.length >> 1]! };
    }) as [Way, Way];
    const uneven = (ways[0].least - ways[1].least) / 2;
    return [{ probes: probes.count, toHost: ways[0], toGuest: ways[1], uneven }];
  });
}

type Column = Exclude<keyof Probes, 'count' | 'runs'>;

/** Of the probes that were stamped on both ends. */
function wayOf(probes: Probes, from: Column, to: Column, way: (sent: bigint, received: bigint) => bigint): bigint[] {
  const ways: bigint[] = [];
  for (let k = 0; k < probes.count; k++) {
    const [sent, received] = [probes[from][k], probes[to][k]];
    if (sent && received) ways.push(way(sent, received));
  }
  return ways;
}
