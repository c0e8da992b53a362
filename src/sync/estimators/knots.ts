import { MOST_DRIFT } from '../../time/drift.ts';
import { Corridor } from './corridor.ts';
import { middle, type Round } from './rounds.ts';
import type { Knot } from './steps.ts';
import { departure, doubt, type Wander, wanderOf } from './wander.ts';

/** Rounds on either side that an estimate is drawn from. */
const MOST_NEIGHBOURS = 16;

/** Where the offset's line is bent: at each round, with what its neighbours say too. */
export function knotsOf(rounds: readonly Round[]): Knot[] {
  const wander = wanderOf(rounds);
  const knots = rounds.map((round, i) => knotAt(rounds, i, wander) ?? alone(round));
  return knots.map((knot, i) => {
    const gap = Math.max(gapAt(knots, i), gapAt(knots, i + 1));
    const bend = Math.max(bendAt(rounds, i - 1), bendAt(rounds, i), bendAt(rounds, i + 1));
    return { ...knot, bound: knot.bound + (wander.most / 2) * gap + bend };
  });
}

function gapAt(knots: readonly Knot[], i: number): number {
  const a = knots[i - 1];
  const b = knots[i];
  return a && b ? b.time - a.time : 0;
}

function alone(round: Round): Knot {
  return { time: round.time, value: middle(round), bound: (round.high - round.low) / 2 };
}

/** The knot of a round by all rounds within reach; by fewer where no straight line fits them all. */
function knotAt(rounds: readonly Round[], i: number, wander: Wander): Knot | undefined {
  const { time } = rounds[i] as Round;
  for (let most = MOST_NEIGHBOURS; most > 0; most >>= 1) {
    const near = rounds.slice(Math.max(0, i - most), i + most + 1);
    if (near.length < 2) return undefined;
    const slack = near.map((other) => departure(wander, wander.most, Math.abs(other.time - time)));
    const corridor = new Corridor(
      near.map((other, k) => ({ time: other.time, value: other.high + slack[k]! })),
      near.map((other, k) => ({ time: other.time, value: other.low - slack[k]! })),
    );
    const range = corridor.range(time, -MOST_DRIFT, MOST_DRIFT);
    if (!range) continue;
    const alike = near.filter((other) => Math.abs(other.time - time) <= wander.reach);
    const value = Math.min(Math.max(smoothed(alike, time, wander), range.low), range.high);
    return { time, value, bound: Math.max(range.high - value, value - range.low) };
  }
  return undefined;
}

/** A drift that clocks well have: rounds that are off by more than it makes say little about it. */
const USUAL_DRIFT = 20e-6;

/** Where the line that fits the rounds best is at a time. Narrow rounds count more, far ones less. */
function smoothed(rounds: readonly Round[], time: number, { narrowest, noise }: Wander): number {
  const farthest = Math.max(...rounds.map((round) => Math.abs(round.time - time))) * 1.1 + 1;
  let sum = 0;
  let times = 0;
  let values = 0;
  let squares = 0;
  let products = 0;
  for (const round of rounds) {
    const at = round.time - time;
    const nearness = 1 - Math.abs(at / farthest) ** 3;
    const weight = nearness ** 3 / doubt(round, narrowest, noise) ** 2;
    const value = middle(round);
    sum += weight;
    times += weight * at;
    values += weight * value;
    squares += weight * at * at;
    products += weight * at * value;
  }
  const spread = sum * (squares + 1 / USUAL_DRIFT ** 2) - times * times;
  const slope = spread > 0 ? (sum * products - times * values) / spread : 0;
  return (values - slope * times) / sum;
}

/** How far a round can be from the straight line between its neighbours, where it can't be on it. */
function bendAt(rounds: readonly Round[], i: number): number {
  const [a, b, c] = [rounds[i - 1], rounds[i], rounds[i + 1]];
  if (!a || !b || !c || c.time === a.time) return 0;
  const share = (b.time - a.time) / (c.time - a.time);
  const low = a.low + share * (c.low - a.low);
  const high = a.high + share * (c.high - a.high);
  if (b.low > high) return b.high - low;
  return b.high < low ? high - b.low : 0;
}
