import type { CorrectionMode } from '../time/correction.ts';
import { errorBound } from '../time/error-bound.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { type Bases, basesOf, readSwitches, type Switches } from './switches.ts';

/*
 * Two traces of one kernel have the same task switches, one stamped after the other by the same CPU within a fraction
 * of a microsecond. So the error of each corrected stamp can be seen, event by event, without knowing how the clocks are
 * related.
 */

/** The task switches that a host's trace and that of its loopback guest have in common. Columns, one entry for each. */
export interface Twins {
  /** Host's stamp as the report shows it. */
  readonly times: BigInt64Array;
  /** Host's stamp less the guest's corrected one, ns. */
  readonly errors: Float64Array;
  /** How large the guest's file says that can be, ns; NaN where it does not tell. */
  readonly bounds: Float64Array;
  /** Host's stamp less the guest's, both as recorded, less `distanceBase`. */
  readonly distances: Float64Array;
  readonly distanceBase: bigint;
  /** Switches that only one of the traces has, though both were recording. */
  readonly unmatched: number;
  /** Events that one of the kernel's buffers had no room for. */
  readonly lost: number;
}

/** Compares the traces. `mode`: which program's arithmetic corrects the guest's stamps. */
export async function findTwins(host: TraceFile, guest: TraceFile, mode: CorrectionMode = 'exact'): Promise<Twins> {
  const [hostBases, guestBases] = [await basesOf(host, mode), await basesOf(guest, mode)];
  // One base for corrected times: they are compared.
  const ofHost = await readSwitches(host, hostBases, mode);
  const ofGuest = await readSwitches(guest, { ...guestBases, corrected: hostBases.corrected }, mode);
  const found = {
    times: [] as bigint[],
    errors: [] as number[],
    bounds: [] as number[],
    distances: [] as number[],
    unmatched: 0,
    lost: 0,
  };
  for (const [cpu, switches] of ofHost.entries()) {
    const twins = ofGuest[cpu];
    if (switches === undefined || twins === undefined) continue;
    found.lost += switches.lost + twins.lost;
    const { first, second, length } = longestRun(switches.pairs, twins.pairs);
    const overlap = Math.min(switches.pairs.length - first, twins.pairs.length - second);
    found.unmatched += Math.min(first, second) + overlap - length;
    const bound = boundsOf(guest, cpu, guestBases);
    for (let i = 0; i < length; i++) {
      const [mine, its] = [first + i, second + i];
      const raw = twins.raw[its] as number;
      found.times.push(hostBases.corrected + BigInt(switches.corrected[mine] as number));
      found.errors.push((switches.corrected[mine] as number) - (twins.corrected[its] as number));
      found.distances.push((switches.raw[mine] as number) - raw);
      found.bounds.push(bound(raw));
    }
  }
  return {
    times: BigInt64Array.from(found.times),
    errors: Float64Array.from(found.errors),
    bounds: Float64Array.from(found.bounds),
    distances: Float64Array.from(found.distances),
    distanceBase: hostBases.raw - guestBases.raw,
    unmatched: found.unmatched,
    lost: found.lost,
  };
}

/** Where two sequences are the same for longest, when one is laid beside the other. */
export function longestRun(
  a: Switches['pairs'],
  b: Switches['pairs'],
): { readonly first: number; readonly second: number; readonly length: number } {
  let best = { first: 0, second: 0, length: 0 };
  for (let shift = -a.length + 1; shift < b.length; shift++) {
    const [first, second] = [Math.max(0, -shift), Math.max(0, shift)];
    const overlap = Math.min(a.length - first, b.length - second);
    if (overlap <= best.length) continue;
    let length = 0;
    while (length < overlap && a[first + length] === b[second + length]) length++;
    if (length > best.length) best = { first, second, length };
  }
  return best;
}

/** The bound of a raw stamp of a guest's CPU, ns. */
function boundsOf({ timeShift }: TraceFile, cpu: number, { raw: base }: Bases): (raw: number) => number {
  const samples = timeShift?.cpus[cpu];
  if (timeShift === undefined || samples === undefined) return () => Number.NaN;
  const ascending = [...samples].sort((a, b) => (a.time < b.time ? -1 : 1));
  return (raw) => Number(errorBound(ascending, timeShift.flags, base + BigInt(raw)) ?? Number.NaN);
}

/** What share of values is at most this: `quantile(errors, 0.99)`. Of magnitudes. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.map(Math.abs).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

/**
 * Corrected stamps of the guest less true ones, ns, without the time that passes from one stamp of a switch to the other.
 * `truth`: what the host's clock shows more than the guest's.
 */
export function clockErrors({ errors, distances, distanceBase }: Twins, truth: bigint): Float64Array {
  const base = Number(distanceBase - truth);
  return errors.map((error, event) => (distances[event] as number) + base - error);
}

/** The share of events whose error, as seen or that of the clock alone, is within the bound that is stated for it. */
export function shareWithinBounds({ errors: seen, bounds }: Twins, errors: Float64Array = seen): number {
  let within = 0;
  for (let i = 0; i < errors.length; i++) if (Math.abs(errors[i] as number) <= (bounds[i] as number)) within++;
  return within / errors.length;
}
