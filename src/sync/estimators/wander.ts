import { median } from './observations.ts';
import { middle, type Round } from './rounds.ts';

/** How the rate of two clocks changes, as far as rounds show it. */
export interface Wander {
  /** What the rate changes from one round to the next at most, but for few rounds; measurement errors included. */
  readonly most: number;
  /** Between neighbouring rounds. */
  readonly gap: number;
  /** Within this distance, the offsets of rounds depart from a line by less than they are off by chance. */
  readonly reach: number;
}

/** Crystals keep below this within minutes (0.1 ppm): taken for what rounds can't show. */
const LEAST_SHOWN = 0.1e-6;
const LEAST_REAL = 0.02e-6;
/** The share of the changes that may be greater than `most`. */
const QUANTILE = 0.9;

export function wanderOf(rounds: readonly Round[]): Wander {
  const gaps = rounds.slice(1).map((b, i) => b.time - (rounds[i] as Round).time);
  const gap = Math.max(median(gaps), 1);
  const rates = gaps.map((length, i) => (middle(rounds[i + 1] as Round) - middle(rounds[i] as Round)) / length);
  const changes = rates
    .slice(1)
    .map((rate, i) => Math.abs(rate - (rates[i] as number)))
    .sort((a, b) => a - b);
  const shown = changes[Math.floor(changes.length * QUANTILE)] ?? 0;
  const noise = Math.max(median(rounds.map((round) => round.noise)), 1);
  // Of what is shown, chance makes the differences of three rounds.
  const byChance = (Math.sqrt(6) * noise) / gap;
  const real = Math.max(LEAST_REAL, Math.sqrt(Math.max(0, median(changes) ** 2 - byChance ** 2)));
  // Where real * reach * sqrt(reach / gap) / 4, what smoothing would be off by, is as much as the noise.
  const reach = ((4 * noise) / real) ** (2 / 3) * gap ** (1 / 3);
  return { most: Math.max(LEAST_SHOWN, shown), gap, reach };
}

/** How far the offset can be from a straight line, `distance` from where it touches: the changes of a rate add up. */
export function departure({ gap }: Wander, change: number, distance: number): number {
  return change * distance * Math.max(1, Math.sqrt(distance / gap));
}
