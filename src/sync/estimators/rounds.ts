import { median } from './median.ts';
import type { Mark } from './segments.ts';

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
export function roundsOf(marks: readonly Mark[]): Round[] {
  const groups = new Map<number, Mark[]>();
  for (const mark of marks) {
    const group = groups.get(mark.round);
    if (group) group.push(mark);
    else groups.set(mark.round, [mark]);
  }
  // Drift within a round matters less than its bounds; what it is, the rounds tell.
  let rounds = reduced(groups, 0);
  rounds = reduced(groups, slopeOf(rounds));
  return rounds;
}

function reduced(groups: ReadonlyMap<number, readonly Mark[]>, slope: number): Round[] {
  const rounds: Round[] = [];
  for (const marks of groups.values()) {
    const time = Math.round(marks.reduce((sum, mark) => sum + mark.time, 0) / marks.length);
    const range = rangeOf(marks, time, slope);
    if (range === undefined) continue;
    const halves = [0, 1].map((half) => rangeOf(everyOther(marks, half), time, slope));
    const [a, b] = halves.map((part) => part && middle(part));
    const noise = a === undefined || b === undefined ? (range.high - range.low) / 8 : Math.abs(a - b) / 2;
    rounds.push({ time, ...range, noise });
  }
  const sorted = rounds.sort((a, b) => a.time - b.time);
  return sorted.filter(({ time }, i) => time !== sorted[i - 1]?.time);
}

/** What the bounds leave possible at a time; undefined where one side is open. */
function rangeOf(marks: readonly Mark[], time: number, slope: number): { low: number; high: number } | undefined {
  let low = Number.NEGATIVE_INFINITY;
  let high = Number.POSITIVE_INFINITY;
  for (const mark of marks) {
    const value = mark.value - slope * (mark.time - time);
    if (mark.isUpper) high = Math.min(high, value);
    else low = Math.max(low, value);
  }
  if (low === Number.NEGATIVE_INFINITY || high === Number.POSITIVE_INFINITY) return undefined;
  // Stamps of several CPUs can contradict each other by a little.
  return { low: Math.min(low, high), high: Math.max(low, high) };
}

/** Every other bound of each side. */
function everyOther(marks: readonly Mark[], half: number): Mark[] {
  const counts = [0, 0];
  return marks.filter(({ isUpper }) => (counts[Number(isUpper)]!++ & 1) === half);
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
