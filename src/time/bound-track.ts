import { MOST_DRIFT } from './drift.ts';
import { INTERPOLATE } from './exact-sync.ts';
import type { SyncSample } from './types.ts';

const TWO_32 = 0x1_0000_0000;

/**
 * `errorBound` for hot loops: the same to a unit of the host's clock, for stamps that mostly ascend, without
 * allocating. NaN where the samples don't tell.
 */
export class BoundTrack {
  readonly #baseHi: number;
  readonly #baseLo: number;
  /** Relative to the first sample. */
  readonly #times: Float64Array;
  readonly #bounds: Float64Array;
  readonly #interpolates: boolean;
  /** How much a bound grows per unit outside of the samples. */
  readonly #growth: number;
  #next = 0;

  /** As for `errorBound`: the samples of a CPU, times ascending. */
  constructor(samples: readonly SyncSample[], flags: number) {
    const base = samples[0]?.time ?? 0n;
    this.#baseHi = Number(base >> 32n);
    this.#baseLo = Number(base & 0xffff_ffffn);
    this.#times = Float64Array.from(samples, ({ time }) => Number(time - base));
    this.#bounds = Float64Array.from(samples, ({ bound }) => (bound === undefined ? Number.NaN : Number(bound)));
    this.#interpolates = (flags & INTERPOLATE) !== 0;
    const count = samples.length;
    const sum = (this.#bounds[0] ?? Number.NaN) + (this.#bounds[count - 1] ?? Number.NaN);
    const span = this.#times[count - 1] ?? 0;
    this.#growth = count < 2 ? 0 : Math.min(sum / span, MOST_DRIFT);
  }

  /** The bound of a raw stamp in halves. */
  at(hi: number, lo: number): number {
    const times = this.#times;
    const bounds = this.#bounds;
    const count = times.length;
    if (count === 0) return Number.NaN;
    const time = (hi - this.#baseHi) * TWO_32 + (lo - this.#baseLo);
    let next = this.#next;
    while (next < count && (times[next] as number) <= time) next++;
    while (next > 0 && (times[next - 1] as number) > time) next--;
    this.#next = next;
    const before = next > 0 ? (bounds[next - 1] as number) : (bounds[0] as number);
    if (!this.#interpolates || count < 2) return before;
    if (next > 0 && next < count) return Math.max(before, bounds[next] as number);
    const distance = next === 0 ? (times[0] as number) - time : time - (times[count - 1] as number);
    return distance === 0 ? before : before + Math.floor(this.#growth * distance) + 1;
  }
}
