import type { SyncSample } from '../../time/types.ts';
import type { Probes } from '../types.ts';
import { Corridor, type Limit } from './corridor.ts';

/** A limit, and its place among all of its burst. */
export interface PlacedLimit extends Limit {
  readonly place: number;
}

/** The limits of one burst of probes, relative to a time and an offset of the clocks. */
export interface Limits {
  readonly upper: PlacedLimit[];
  readonly lower: PlacedLimit[];
}

/** Where relative numbers count from. */
export interface Base {
  /** Guest clock. */
  readonly time: bigint;
  /** Host clock minus guest clock. */
  readonly offset: bigint;
}

/** The first probe that has stamps of both sides; undefined when there is none. */
export function baseOf({ count, guestSend, hostReceive }: Probes): Base | undefined {
  for (let k = 0; k < count; k++) {
    const guest = guestSend[k] as bigint;
    const host = hostReceive[k] as bigint;
    if (guest !== 0n && host !== 0n) return { time: guest, offset: host - guest };
  }
  return undefined;
}

/**
 * What the probes say of the offset: no message arrives before it was sent, so the way to the host bounds it from
 * above, and the way back from below.
 */
export function limitsOf({ count, guestSend, hostReceive, hostSend, guestReceive }: Probes, base: Base): Limits {
  const upper: PlacedLimit[] = [];
  const lower: PlacedLimit[] = [];
  const add = (list: PlacedLimit[], place: number, guest: bigint, host: bigint): void => {
    if (guest === 0n || host === 0n) return;
    list.push({ place, time: Number(guest - base.time), value: Number(host - guest - base.offset) });
  };
  for (let k = 0; k < count; k++) {
    add(upper, 2 * k, guestSend[k] as bigint, hostReceive[k] as bigint);
    add(lower, 2 * k + 1, guestReceive[k] as bigint, hostSend[k] as bigint);
  }
  return { upper, lower };
}

/** From this slope on, two clocks count different units. Below it, they hardly drift within a burst. */
export const OTHER_UNITS = 0.1;

/** Host units per guest unit: more than that are no two clocks. */
export const MOST_RATE = 1000;

/**
 * How the offset changes within a burst, in the middle of what its limits leave possible, so that no single slow probe
 * has a say; 0 for clocks that count the same.
 */
export function burstSlope({ upper, lower }: Limits, corridor: Corridor): number {
  // Only where equal units are impossible, they differ. One probe alone has any slope.
  if (corridor.width(0) >= 0 || upper.length < 2 || lower.length < 2) return 0;
  const slope = corridor.widest(-1, MOST_RATE);
  return Math.abs(slope) < OTHER_UNITS ? 0 : slope;
}

/**
 * The offset that one burst tells, in the middle of what the fastest ways there and back leave possible, and how far
 * it can be off. Undefined when no probe was stamped on both sides.
 */
export function burstSample(probes: Probes): SyncSample | undefined {
  const base = baseOf(probes);
  if (!base) return undefined;
  const limits = limitsOf(probes, base);
  if (limits.upper.length === 0 || limits.lower.length === 0) return undefined;
  const corridor = new Corridor(limits.upper, limits.lower);
  const coarse = burstSlope(limits, corridor);
  const slope = coarse === 0 ? 0 : corridor.widest(coarse - 0.1, coarse + 0.1);
  const times = limits.upper.map(({ time }) => time).sort((a, b) => a - b);
  const time = Math.round(times[times.length >> 1] as number);
  const top = corridor.top(time, slope);
  const bottom = corridor.bottom(time, slope);
  return {
    time: base.time + BigInt(time),
    offset: base.offset + BigInt(Math.round((top + bottom) / 2)),
    scaling: 1n,
    fraction: 0,
    bound: BigInt(Math.ceil(Math.abs(top - bottom) / 2)) + 1n,
  };
}
