import type { SyncSample } from '../../time/types.ts';
import type { Probes } from '../types.ts';
import { perMeasurement } from './estimator.ts';

/* The two estimators that trace-cmd has had, one measurement at a time; for comparison. */

/** The middle of one probe's way there and back. */
interface RoundTrip {
  readonly time: bigint;
  readonly offset: bigint;
  readonly duration: bigint;
}

function roundTrips({ count, guestSend, guestReceive, hostReceive }: Probes): RoundTrip[] {
  const trips: RoundTrip[] = [];
  for (let k = 0; k < count; k++) {
    const sent = guestSend[k] as bigint;
    const received = guestReceive[k] as bigint;
    const host = hostReceive[k] as bigint;
    if (sent === 0n || received === 0n || host === 0n) continue;
    const time = (sent + received) / 2n;
    trips.push({ time, offset: host - time, duration: received - sent });
  }
  return trips;
}

function sampleOf({ time, offset, duration }: RoundTrip): SyncSample {
  return { time, offset, scaling: 1n, fraction: 0, bound: magnitude(duration) / 2n + 1n };
}

/** The probe with the shortest round trip. */
export const fastest = perMeasurement(({ sample, probes }) => {
  const [first, ...rest] = probes ? roundTrips(probes) : [];
  if (!first) return sample;
  return sampleOf(rest.reduce((best, trip) => (trip.duration < best.duration ? trip : best), first));
});

/** As many as there can be probes. */
const BINS = 339n;

/** The probe that made one bin of a histogram of the offsets' sizes the fullest. */
export const histogram = perMeasurement(({ sample, probes }) => {
  const trips = probes ? roundTrips(probes) : [];
  const sizes = trips.map(({ offset }) => magnitude(offset));
  if (sizes.length === 0) return sample;
  const least = sizes.reduce((a, b) => (b < a ? b : a));
  const most = sizes.reduce((a, b) => (b > a ? b : a));
  const bin = (most - least) / BINS || 1n;
  const filled = new Map<bigint, number>();
  let best = trips[0] as RoundTrip;
  let highest = 0;
  for (const [k, trip] of trips.entries()) {
    const index = ((sizes[k] as bigint) - least) / bin;
    if (index >= BINS) continue;
    const height = (filled.get(index) ?? 0) + 1;
    filled.set(index, height);
    if (height <= highest) continue;
    highest = height;
    best = trip;
  }
  return sampleOf(best);
});

function magnitude(value: bigint): bigint {
  return value < 0n ? -value : value;
}
