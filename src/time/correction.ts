import { ZERO_HALF } from '../base/u64.ts';
import { DoubleRate } from './double-rate.ts';
import { exactSync } from './exact-sync.ts';
import { type Mapping, movedFirst, PiecewiseEvaluator, STAMP_LIMIT } from './piecewise.ts';
import { composed, firstAtOrAfter, isRising, lastAtOrBefore, type Searchable } from './search.ts';
import { stockSync } from './stock-sync.ts';
import { stockTscRate, tscRate } from './tsc-rate.ts';
import type { HostTime, SyncSample, Ticks, TimeShift, TscToNanoseconds } from './types.ts';

/** `stock`: bit for bit what trace-cmd computes. `exact`: the same, except where trace-cmd is provably wrong. */
export type CorrectionMode = 'exact' | 'stock';

/** Everything that a file and its reader say about the times of one buffer. */
export interface CorrectionRules {
  readonly mode: CorrectionMode;
  readonly timeShift?: TimeShift | undefined;
  readonly tscToNanoseconds?: TscToNanoseconds | undefined;
  /** `--ts2secs`: the clock's ticks per second, not 0. Replaces tscToNanoseconds. */
  readonly ticksPerSecond?: number | undefined;
  /** Added at the end: options DATE and OFFSET, --ts-offset; ns, or ticks where nothing converts them. */
  readonly offset: bigint;
}

/** What turns stamps into others, per event. */
interface Stage {
  readonly outHi: number;
  readonly outLo: number;
  apply(hi: number, lo: number): void;
}

const HALF = 0x1_0000_0000;
const wrap = (value: bigint): bigint => BigInt.asUintN(64, value);

/**
 * Raw stamps of one CPU to corrected ones: guest clock to host clock, ticks to ns, then the constant offset. Results
 * wrap at 2^64. `apply` is for hot loops, in halves, without allocation; fast as long as stamps mostly ascend, so
 * each stream needs its own.
 */
export class Correction {
  /** The result of `apply`. */
  outHi = 0;
  outLo = ZERO_HALF;
  /** `apply` changes nothing. */
  readonly isIdentity: boolean;
  /** `apply` adds the same number to every stamp. */
  readonly isConstant: boolean;
  /** A later stamp never gets an earlier corrected time. False, too, where that is not known. */
  readonly isRising: boolean;

  readonly #sync: Mapping | undefined;
  readonly #rate: Pick<Mapping, 'at'> | undefined;
  readonly #offset: bigint;
  readonly #searchable: Searchable | undefined;
  readonly #first: Stage | undefined;
  readonly #second: Stage | undefined;
  readonly #constantHi: number;
  readonly #constantLo: number;

  /** `cpu` is the CPU that recorded the stamps, as the file numbers it. */
  constructor(cpu: number, rules: CorrectionRules) {
    const { mode, offset, tscToNanoseconds, ticksPerSecond } = rules;
    const sync = syncOf(cpu, rules);
    const shift = sync ? constantOf(sync) : 0n;
    const tsc = !ticksPerSecond && tscToNanoseconds?.multiplier ? tscToNanoseconds : undefined;
    const tscMapping = tsc && (mode === 'stock' ? stockTscRate(tsc) : tscRate(tsc));
    const seconds = ticksPerSecond ? new DoubleRate(ticksPerSecond, mode === 'stock') : undefined;
    this.#sync = sync;
    this.#rate = seconds ?? tscMapping;
    this.#offset = offset;

    // A constant shift is left to the stage after it: as part of its pieces, or of the constant at the end.
    const syncIsStage = sync && (shift === undefined || (seconds && shift !== 0n));
    const syncStage = syncIsStage ? new PiecewiseEvaluator(sync) : undefined;
    const tscStage = tscMapping && new PiecewiseEvaluator(shift ? movedFirst(tscMapping, shift) : tscMapping);
    const rateStage = seconds ?? tscStage;
    this.#first = syncStage ?? rateStage;
    this.#second = syncStage ? rateStage : undefined;
    const constant = wrap(this.#first ? offset : offset + (shift ?? 0n));
    this.#constantHi = Number(constant >> 32n);
    this.#constantLo = Number(constant & 0xffff_ffffn);
    this.isConstant = this.#first === undefined;
    this.isIdentity = this.isConstant && constant === 0n;

    const moved = { at: (stamp: bigint) => stamp + (shift ?? 0n), stretches: [0n] };
    const inner: Pick<Mapping, 'at' | 'stretches'> = sync && shift === undefined ? sync : moved;
    const outer: Pick<Mapping, 'at'> = this.#rate ?? { at: (stamp) => stamp };
    const known = inner.stretches && !(tscMapping && !tscMapping.stretches) && seconds?.isRising !== false;
    this.#searchable = known ? composed({ at: inner.at, stretches: inner.stretches }, outer, offset) : undefined;
    this.isRising = this.#searchable !== undefined && isRising(this.#searchable);
  }

  /** Corrects a stamp given in halves; the result is in outHi and outLo. */
  apply(hi: number, lo: number): void {
    let high = hi;
    let low = lo;
    const first = this.#first;
    if (first !== undefined) {
      first.apply(high, low);
      high = first.outHi;
      low = first.outLo;
      const second = this.#second;
      if (second !== undefined) {
        second.apply(high, low);
        high = second.outHi;
        low = second.outLo;
      }
    }
    low += this.#constantLo;
    high += this.#constantHi;
    if (low >= HALF) {
      low -= HALF;
      high++;
    }
    this.outHi = high >= HALF ? high - HALF : high;
    this.outLo = low;
  }

  /** The corrected time of one stamp: what `apply` computes, outside of hot loops. */
  correct(raw: Ticks): HostTime {
    const synced = this.#sync ? wrap(this.#sync.at(raw)) : raw;
    const converted = this.#rate ? this.#rate.at(synced) : synced;
    return wrap(converted + this.#offset) as HostTime;
  }

  /**
   * The first raw stamp whose corrected time is `time` or later: where to seek for what happened from then on.
   * Undefined when there is none. Where nothing is known of the order of corrected times: 0.
   */
  firstAtOrAfter(time: HostTime): Ticks | undefined {
    if (!this.#searchable) return 0n as Ticks;
    return firstAtOrAfter(this.#searchable, time) as Ticks | undefined;
  }

  /**
   * The last raw stamp whose corrected time is `time` or earlier: what comes after it happened later. Undefined when
   * there is none. Where nothing is known of the order of corrected times: the last stamp there is.
   */
  lastAtOrBefore(time: HostTime): Ticks | undefined {
    if (!this.#searchable) return (STAMP_LIMIT - 1n) as Ticks;
    return lastAtOrBefore(this.#searchable, time) as Ticks | undefined;
  }
}

function syncOf(cpu: number, { mode, timeShift }: CorrectionRules): Mapping | undefined {
  if (!timeShift) return undefined;
  if (mode === 'exact') {
    const samples = nearestSamples(timeShift.cpus, cpu);
    return samples && exactSync(samples, timeShift.flags);
  }
  const samples = timeShift.cpus[cpu];
  return samples?.length ? stockSync(samples, timeShift.flags) : undefined;
}

/** A CPU's own samples; if it has none, those of the CPU next to it in number, the lower one of two. */
function nearestSamples(cpus: TimeShift['cpus'], cpu: number): readonly SyncSample[] | undefined {
  let nearest: readonly SyncSample[] | undefined;
  let least = Number.POSITIVE_INFINITY;
  for (const [other, samples] of cpus.entries()) {
    const distance = Math.abs(other - cpu);
    if (samples.length > 0 && distance < least) {
      nearest = samples;
      least = distance;
    }
  }
  return nearest;
}

/** The number that a mapping adds to every stamp, if it does nothing else. */
function constantOf(mapping: Mapping): bigint | undefined {
  const { base } = mapping.pieceAt(0n);
  for (let at = 0n; at < STAMP_LIMIT; ) {
    const piece = mapping.pieceAt(at);
    if (!piece.advances || piece.rise !== 0n || piece.base - at !== base) return undefined;
    at += piece.length;
  }
  return base;
}
