import { median } from './median.ts';
import { middle, type Round } from './rounds.ts';

/** How the rate of two clocks changes, as far as rounds show it. */
export interface Wander {
  /** What the rate changes from one round to the next at most, but for few rounds; measurement errors included. */
  readonly most: number;
  /** Between neighbouring rounds. */
  readonly gap: number;
  /** How wide the narrowest round is. */
  readonly narrowest: number;
  /** Chance moves the middle of the rounds by so much, about. */
  readonly noise: number;
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
  const changes = rates.slice(1).map((rate, i) => Math.abs(rate - (rates[i] as number)));
  const shown = [...changes].sort((a, b) => a - b)[Math.floor(changes.length * QUANTILE)] ?? 0;
  const noise = Math.max(median(rounds.map((round) => round.noise)), 1);
  const narrowest = Math.min(...rounds.map(width));
  const doubts = rounds.map((round) => doubt(round, narrowest, noise));
  // Of what is shown, chance makes the differences of three rounds.
  const excess = changes.map((change, i) => {
    const byChance = Math.hypot(doubts[i] as number, 2 * (doubts[i + 1] as number), doubts[i + 2] as number) / gap;
    return change ** 2 - byChance ** 2;
  });
  const real = Math.max(LEAST_REAL, Math.sqrt(Math.max(0, median(excess))));
  // Where real * reach * sqrt(reach / gap) / 4, what smoothing would be off by, is as much as the noise.
  const reach = ((4 * noise) / real) ** (2 / 3) * gap ** (1 / 3);
  return { most: Math.max(LEAST_SHOWN, shown), gap, narrowest, noise, reach };
}

export function width({ low, high }: Pick<Round, 'low' | 'high'>): number {
  return high - low;
}

/**
 * How far the middle of a round can well be off, in comparison to others: by chance, and, where its fastest probes were
 * slower than those of the narrowest round, by all of that in one direction.
 */
export function doubt(round: Round, narrowest: number, noise: number): number {
  return Math.hypot((width(round) - narrowest) / 2, noise);
}

/** How far the offset can be from a straight line, `distance` from where it touches: the changes of a rate add up. */
export function departure({ gap }: Wander, change: number, distance: number): number {
  return change * distance * Math.max(1, Math.sqrt(distance / gap));
}
