import type { Marks } from './marks.ts';
import { median } from './median.ts';
import type { Segment } from './segments.ts';

/** What one round leaves possible. */
export interface Round {
  /** Whole units, in the middle of the round. */
  readonly time: number;
  readonly low: number;
  readonly high: number;
  /** About how far the middle is off by chance: what halves of the probes differ by. */
  readonly noise: number;
}

/** The rounds of a segment that bound the offset from both sides. */
export function roundsOf(marks: Marks, { from, to }: Segment): Round[] {
  // Drift within a round matters less than its bounds; what it is, the rounds tell.
  return reduced(marks, from, to, slopeOf(reduced(marks, from, to, 0)));
}

function reduced(marks: Marks, from: number, to: number, slope: number): Round[] {
  const rounds: Round[] = [];
  for (let start = from; start < to; ) {
    let end = start + 1;
    while (end < to && marks.rounds[end] === marks.rounds[start]) end++;
    const round = roundOf(marks, start, end, slope);
    if (round) rounds.push(round);
    start = end;
  }
  const sorted = rounds.sort((a, b) => a.time - b.time);
  return sorted.filter(({ time }, i) => time !== sorted[i - 1]?.time);
}

/** Undefined where one side is open. */
function roundOf(marks: Marks, from: number, to: number, slope: number): Round | undefined {
  let sum = 0;
  for (let at = from; at < to; at++) sum += marks.times[at] as number;
  const time = Math.round(sum / (to - from));
  // Every other one of each side.
  const even = new Range();
  const odd = new Range();
  let uppers = 0;
  let lowers = 0;
  for (let at = from; at < to; at++) {
    const isUpper = marks.isUpper(at);
    const value = (marks.values[at] as number) - slope * ((marks.times[at] as number) - time);
    const before = isUpper ? uppers++ : lowers++;
    (before % 2 === 0 ? even : odd).take(isUpper, value);
  }
  const range = even.and(odd);
  if (!range.isClosed) return undefined;
  const tellsNoise = even.isClosed && odd.isClosed;
  const noise = tellsNoise ? Math.abs(even.middle - odd.middle) / 2 : (range.high - range.low) / 8;
  return { time, low: range.low, high: range.high, noise };
}

/** What bounds leave possible. */
class Range {
  #low = Number.NEGATIVE_INFINITY;
  #high = Number.POSITIVE_INFINITY;

  take(isUpper: boolean, value: number): void {
    if (isUpper) this.#high = Math.min(this.#high, value);
    else this.#low = Math.max(this.#low, value);
  }

  and(other: Range): Range {
    const both = new Range();
    both.#low = Math.max(this.#low, other.#low);
    both.#high = Math.min(this.#high, other.#high);
    return both;
  }

  get isClosed(): boolean {
    return this.#low !== Number.NEGATIVE_INFINITY && this.#high !== Number.POSITIVE_INFINITY;
  }

  get middle(): number {
    return (this.#low + this.#high) / 2;
  }

  // Stamps of several CPUs can contradict each other by a little.
  get low(): number {
    return Math.min(this.#low, this.#high);
  }

  get high(): number {
    return Math.max(this.#low, this.#high);
  }
}

/** The drift: the median of the slopes from each round to the one half of all rounds later. */
function slopeOf(rounds: readonly Round[]): number {
  const half = Math.ceil(rounds.length / 2);
  return median(
    rounds.slice(half).map((b, i) => {
      const a = rounds[i] as Round;
      return b.time > a.time ? (middle(b) - middle(a)) / (b.time - a.time) : 0;
    }),
  );
}

export function middle({ low, high }: Pick<Round, 'low' | 'high'>): number {
  return (low + high) / 2;
}
