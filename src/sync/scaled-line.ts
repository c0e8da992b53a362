import type { SyncSample } from '../time/types.ts';
import type { VcpuTsc } from './types.ts';

/*
 * KVM's scaled TSC, guest = (host * ratio >> fraction) + tsc_offset, is stored as what it is: a line. Stock readers
 * would use a stored ratio the wrong way round and overflow 64 bits; a line that they interpolate they get right, to
 * the rounding of its points.
 */

/** Stock's products of a time and a difference of offsets stay below. */
const MOST_PRODUCT = 1n << 62n;
/** So far outside of the samples stock's products must still fit: some ten seconds of any TSC. */
const OUTSIDE = 1n << 36n;
/** Bounds the two where the ratio is nearly 1: then a few points do. */
const LONGEST = 1n << 100n;
const SHORTEST = 1n << 28n;
/** Steeper, and samples would be closer than a tenth of a second. */
const STEEPEST = 16n;
/** What rounding can cost: half a unit at each point, one in the reader. */
const ROUNDING = 2n;

/** Whether a vCPU's TSC can be stored so that every reader gets it right. Otherwise its clock must be measured. */
export function isStorable({ scaling, fraction }: VcpuTsc): boolean {
  return scaling > 0n && fraction < 64 && 1n << BigInt(fraction) <= STEEPEST * scaling;
}

/** Samples of scaling 1 on the lines that samples with ratios mean, each from its time on. At least one sample. */
export function scaledLine(samples: readonly SyncSample[]): SyncSample[] {
  const stretches = samples.filter((sample, i) => i === 0 || !meansTheSame(sample, samples[i - 1] as SyncSample));
  const last = samples[samples.length - 1] as SyncSample;
  return stretches.flatMap((sample, i) => {
    const next = stretches[i + 1];
    const end = next ? next.time - 1n : last.time;
    return pointsOf(sample, end).map((time) => ({
      time,
      offset: offsetAt(sample, time),
      scaling: 1n,
      fraction: 0,
      bound: sample.bound === undefined ? undefined : sample.bound + ROUNDING,
    }));
  });
}

function meansTheSame(a: SyncSample, b: SyncSample): boolean {
  return a.offset === b.offset && a.scaling === b.scaling && a.fraction === b.fraction && a.bound === b.bound;
}

/** Host minus guest, rounded to the nearest. */
function offsetAt({ offset, scaling, fraction }: SyncSample, time: bigint): bigint {
  const numerator = ((time + offset) << BigInt(fraction + 1)) + scaling;
  return floorDivide(numerator, 2n * scaling) - time;
}

/** Times from the sample's to `end`: short pieces at both ends, where readers go on outside, and long ones between. */
function pointsOf(sample: SyncSample, end: bigint): bigint[] {
  const { time: start, scaling, fraction } = sample;
  const one = 1n << BigInt(fraction);
  const difference = one > scaling ? one - scaling : scaling - one;
  const span = difference === 0n ? LONGEST : least(LONGEST, (MOST_PRODUCT * scaling) / difference);
  const short = least(SHORTEST, span / OUTSIDE);
  const long = squareRoot(span);
  if (end - start <= 2n * short) return [start, start + short];
  const points = [start];
  for (let at = start + short; at < end - short; at += long) points.push(at);
  return [...points, end - short, end];
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function floorDivide(value: bigint, divisor: bigint): bigint {
  const quotient = value / divisor;
  return quotient * divisor > value ? quotient - 1n : quotient;
}

/** Rounded down; of a positive number. */
function squareRoot(value: bigint): bigint {
  let root = 1n << BigInt(value.toString(2).length >> 1);
  for (;;) {
    const next = (root + value / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}
