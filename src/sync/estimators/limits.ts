import type { Probes } from '../types.ts';
import type { Limit } from './corridor.ts';

/** A limit, and its place among all of its burst. */
export interface PlacedLimit extends Limit {
  readonly place: number;
}

/** The limits of one burst of probes, relative to a time and an offset of the clocks; by place, ascending. */
export interface Limits {
  readonly upper: readonly PlacedLimit[];
  readonly lower: readonly PlacedLimit[];
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
export function messageLimits({ count, guestSend, hostReceive, hostSend, guestReceive }: Probes, base: Base): Limits {
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
