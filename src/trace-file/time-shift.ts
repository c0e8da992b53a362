import type { SyncSample, TimeShift } from './types.ts';

const HEAD = 16;
/** A sample's time, offset and scaling. */
const SAMPLE = 24;
const INTERPOLATE = 1;

/** What TIME_SHIFT decodes to, and what had to be guessed on the way. */
export interface DecodedTimeShift {
  readonly timeShift: TimeShift | undefined;
  readonly warning: string | undefined;
}

/**
 * Decodes option TIME_SHIFT (u64 peer trace id, u32 flags, u32 CPUs; per CPU u32 n, then n times, n offsets,
 * n scalings; then per CPU n fractions, absent in old files).
 *
 * Counts are believed only when the lengths add up. Two other shapes are recovered with a warning: trace-cmd 2.9's
 * single list for all CPUs, and files whose writer put the last CPU's count in front of every CPU's samples.
 * `cpuCount` is what the single list is repeated for.
 */
export function decodeTimeShift(data: Uint8Array, littleEndian: boolean, cpuCount: number): DecodedTimeShift {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 12) return { timeShift: undefined, warning: 'is too short and ignored' };
  const shift = new TimeShiftData(view, littleEndian);
  const counts = data.length < HEAD ? undefined : shift.countsAsStated();
  if (counts) return { timeShift: shift.decode(counts), warning: undefined };
  const single = shift.decodeSingleList(cpuCount);
  if (single) return { timeShift: single, warning: 'has one list for all CPUs, as trace-cmd 2.9 wrote it' };
  const found = data.length < HEAD ? undefined : shift.countsBySearch();
  if (found) {
    const list = found.join(', ');
    return { timeShift: shift.decode(found), warning: `has wrong sample counts; its length says ${list} per CPU` };
  }
  return { timeShift: undefined, warning: 'is damaged and ignored: the guest keeps its own clock' };
}

class TimeShiftData {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #cpus: number;

  constructor(view: DataView, littleEndian: boolean) {
    this.#view = view;
    this.#littleEndian = littleEndian;
    this.#cpus = view.byteLength >= HEAD ? view.getUint32(12, littleEndian) : 0;
  }

  #u32(offset: number): number {
    return this.#view.getUint32(offset, this.#littleEndian);
  }

  #u64(offset: number): bigint {
    return this.#view.getBigUint64(offset, this.#littleEndian);
  }

  /** Samples per CPU where every length adds up, with the fractions or without them. */
  countsAsStated(): number[] | undefined {
    const length = this.#view.byteLength;
    const counts: number[] = [];
    let at = HEAD;
    let fractions = 0;
    for (let cpu = 0; cpu < this.#cpus; cpu++) {
      if (at + 4 > length) return undefined;
      const count = this.#u32(at);
      at += 4 + SAMPLE * count;
      if (at > length) return undefined;
      fractions += 8 * count;
      counts.push(count);
    }
    return at === length || at + fractions === length ? counts : undefined;
  }

  /**
   * Samples per CPU where each count word is the last CPU's count: the true ones are those that lead from word to
   * word and end where the fractions (as many as the words say) begin. Tries at most a few thousand steps.
   */
  countsBySearch(): number[] | undefined {
    const length = this.#view.byteLength;
    const cpus = this.#cpus;
    if (cpus === 0 || HEAD + 4 * cpus > length) return undefined;
    const word = this.#u32(HEAD);
    const total = (length - HEAD - 4 * cpus - 8 * word * cpus) / SAMPLE;
    if (word === 0 || !Number.isInteger(total) || total < cpus - 1 + word) return undefined;
    let steps = 0;
    const search = (cpu: number, at: number, left: number): number[] | undefined => {
      if (at + 4 > length || this.#u32(at) !== word) return undefined;
      if (cpu === cpus - 1) return left === word && this.#rises(at + 4, left) ? [left] : undefined;
      for (let count = 1; count <= left - word && steps < 5000; count++) {
        steps++;
        if (!this.#rises(at + 4, count)) break;
        const rest = search(cpu + 1, at + 4 + SAMPLE * count, left - count);
        if (rest) return [count, ...rest];
      }
      return undefined;
    };
    return search(0, HEAD, total);
  }

  /** True when `count` times from `at` on get later and later: a run of times, not of offsets. */
  #rises(at: number, count: number): boolean {
    for (let i = 1; i < count; i++) if (this.#u64(at + 8 * i) < this.#u64(at + 8 * (i - 1))) return false;
    return true;
  }

  decode(counts: readonly number[]): TimeShift {
    const end = counts.reduce((at, count) => at + 4 + SAMPLE * count, HEAD);
    const withFractions = end < this.#view.byteLength;
    // The fractions are as many per CPU as the count words say, even where those are wrong.
    let at = HEAD;
    let fractionsAt = end;
    const cpus = counts.map((count) => {
      const stated = this.#u32(at);
      const list = this.#samples(at + 4, count, withFractions ? fractionsAt : undefined, stated);
      at += 4 + SAMPLE * count;
      fractionsAt += 8 * stated;
      return list;
    });
    return { peerTraceId: this.#u64(0), flags: this.#u32(8), cpus };
  }

  #samples(at: number, count: number, fractionsAt: number | undefined, fractions: number): SyncSample[] {
    return Array.from({ length: count }, (_, i) => ({
      time: this.#u64(at + 8 * i),
      offset: BigInt.asIntN(64, this.#u64(at + 8 * (count + i))),
      scaling: this.#u64(at + 8 * (2 * count + i)),
      fraction: fractionsAt !== undefined && i < fractions ? Number(this.#u64(fractionsAt + 8 * i)) : 0,
    }));
  }

  /** trace-cmd 2.9: u64 id, u32 n, n times, n offsets, for all CPUs together, with lines drawn between them. */
  decodeSingleList(cpuCount: number): TimeShift | undefined {
    const count = this.#u32(8);
    if (count === 0 || 12 + 16 * count !== this.#view.byteLength) return undefined;
    const samples = Array.from({ length: count }, (_, i) => ({
      time: this.#u64(12 + 8 * i),
      offset: BigInt.asIntN(64, this.#u64(12 + 8 * (count + i))),
      scaling: 1n,
      fraction: 0,
    }));
    return { peerTraceId: this.#u64(0), flags: INTERPOLATE, cpus: new Array(Math.max(1, cpuCount)).fill(samples) };
  }
}
