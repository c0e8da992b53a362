import { Corridor } from '../../sync/estimators/corridor.ts';
import { coverage, lowerBound, type Track } from '../../sync/runs/track.ts';
import { type Ballot, type Line, vote } from '../../sync/runs/vote.ts';
import { MOST_DRIFT } from '../../time/drift.ts';

/** Guest time from `from` up to `to`, and a moment in it. */
export interface Block {
  readonly from: number;
  readonly to: number;
  readonly time: number;
}

/** What a block's events leave possible: offsets, less what the rate of the line that was followed makes of the time. */
export interface Found extends Block {
  readonly low: number;
  readonly high: number;
}

/** Blocks between two steps of the clocks, ascending. */
export type Stretch = readonly Found[];

const EVENTS_PER_BLOCK = 160;
/** Of the events of a block, this share may contradict: what was recorded amid lost events. */
const MOST_STRAY = 0.01;
/** How a rate may change between blocks that are taken for one line: the wander of crystals. */
const WANDER = 0.1e-6;
/** Blocks on each side of a gap that say where the next one can be. */
const NEIGHBOURS = 32;

/** Blocks of about as many events each. */
export function blocksOf(tracks: readonly Track[]): Block[] {
  const all = Float64Array.from(tracks.flatMap(({ times }) => [...times])).sort();
  const count = Math.max(1, Math.ceil(all.length / (EVENTS_PER_BLOCK * tracks.length)));
  const edges = Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)] as number);
  const last = (all[all.length - 1] ?? 0) + 1;
  return edges.flatMap((from, i) => {
    const to = edges[i + 1] ?? last;
    return to > from ? [{ from, to, time: (from + to) / 2 }] : [];
  });
}

/**
 * Follows the offset from where it is known to both ends of the recording: in each block, events vote on what those
 * before it leave possible. Where all of it contradicts them, a clock has stepped, and the search goes wider.
 */
export function follow(tracks: readonly Track[], start: Line): Stretch[] {
  const blocks = blocksOf(tracks);
  const middle = Math.max(
    0,
    blocks.findLastIndex(({ from }) => from <= start.time),
  );
  const forward = new Follower(tracks, start);
  for (const block of blocks.slice(middle)) forward.next(block);
  const backward = new Follower(tracks, start);
  // Backward, what is behind comes first.
  backward.resume([...(forward.stretches[0] ?? [])].reverse());
  for (const block of blocks.slice(0, middle).reverse()) backward.next(block);
  const [joined = [], ...before] = backward.stretches;
  const ascending = (stretch: Stretch): Stretch => [...stretch].sort((a, b) => a.time - b.time);
  return [...before.map(ascending).reverse(), ascending(joined), ...forward.stretches.slice(1)].filter(
    (one) => one.length > 0,
  );
}

class Follower {
  readonly stretches: Found[][] = [[]];
  readonly #tracks: readonly Track[];
  readonly #start: Line;
  /** Blocks in a row that contradict what was before them. */
  #strays: Found[] = [];

  constructor(tracks: readonly Track[], start: Line) {
    this.#tracks = tracks;
    this.#start = start;
  }

  resume(stretch: Stretch): void {
    this.stretches[0] = [...stretch];
  }

  next(block: Block): void {
    const stretch = this.stretches[this.stretches.length - 1] as Found[];
    for (const band of bands(stretch, block.time)) {
      const found = this.#vote(block, band, MARGIN + BEND * Math.abs(block.time - (stretch.at(-1) as Found).time));
      if (found === 'silent') return;
      if (!found) continue;
      stretch.push(found);
      this.#strays = [];
      return;
    }
    const last = stretch[stretch.length - 1];
    const center = last ? (last.low + last.high) / 2 : this.#start.offset;
    for (let reach = NEAREST; reach <= FARTHEST; reach *= 4) {
      const found = this.#vote(block, { low: center - reach, high: center + reach }, 0);
      // Where offsets far apart are as good as each other, the next block may tell more.
      if (!found || found === 'silent' || (last && found.high - found.low > NEAREST / 4)) continue;
      this.#step(stretch, found);
      return;
    }
  }

  /** Two blocks that agree with each other and not with what was before them make a new stretch. */
  #step(stretch: readonly Found[], found: Found): void {
    const [before] = this.#strays;
    if (stretch.length === 0) (this.stretches[this.stretches.length - 1] as Found[]).push(found);
    else if (before && overlaps(before, found)) {
      this.stretches.push([before, found]);
      this.#strays = [];
    } else this.#strays = [found];
  }

  /** Lets a block vote on a band and what is near it: clocks wander, so that the band is no more than likely. */
  #vote(block: Block, band: Band, margin: number): Found | 'silent' | undefined {
    const { rate, time } = this.#start;
    const drifted = rate * (block.time - time);
    const [low, high] = [band.low + drifted, band.high + drifted];
    const slope = slopeOf(this.stretches[this.stretches.length - 1] as Found[]);
    const ballot: Ballot = { time: block.time, rate: rate + slope, low: low - margin, high: high + margin };
    const { total, regions } = vote(this.#tracks, block.from, block.to, ballot);
    if (total === 0) return 'silent';
    const likely = regions.filter((region) => region.low <= high && region.high >= low);
    // Where several regions are as good, each may be it.
    const [first] = likely.length > 0 ? likely : regions;
    const last = (likely.length > 0 ? likely : regions).at(-1);
    if (!first || !last || first.count < total * (1 - MOST_STRAY)) return undefined;
    // Where some events contradict, the offset changes within the block.
    const slack = first.count < total ? BEND * (block.to - block.from) : 0;
    return { ...block, low: first.low - drifted - slack, high: last.high - drifted + slack };
  }
}

interface Band {
  readonly low: number;
  readonly high: number;
}

/** How far beside a band the offset is looked for at least, in units. */
const MARGIN = 2000;
/** How far a rate can be from that of the blocks before. */
const BEND = 10e-6;
/** Blocks that tell the slope of the next one. */
const SLOPE_BLOCKS = 6;

/** How the offset changes at the end of a stretch. */
function slopeOf(stretch: readonly Found[]): number {
  const near = stretch.slice(-SLOPE_BLOCKS);
  const [a, b] = [near[0], near[near.length - 1]];
  if (!a || !b || near.length < 3) return 0;
  // Where events leave much room, its middle says nothing.
  if (a.high - a.low + b.high - b.low > BEND * (b.time - a.time)) return 0;
  const slope = (b.low + b.high - a.low - a.high) / 2 / (b.time - a.time);
  return Math.max(-MOST_DRIFT, Math.min(MOST_DRIFT, slope));
}

/** A step is searched for so far, in units: near first. */
const NEAREST = 1_000_000;
const FARTHEST = 20_000_000;

function overlaps(a: Found, b: Found): boolean {
  const slack = MOST_DRIFT * Math.abs(a.time - b.time);
  return a.low - slack <= b.high && b.low - slack <= a.high;
}

/** Where the offset can be at a time, by a stretch's blocks: narrow if they lie on a line, else as clocks can drift. */
function* bands(stretch: readonly Found[], time: number): Generator<Band> {
  const near = stretch.slice(-NEIGHBOURS);
  const last = near[near.length - 1];
  if (!last) return;
  if (near.length > 1) {
    const slack = (block: Block): number => WANDER * Math.abs(block.time - time);
    const corridor = new Corridor(
      near.map((block) => ({ time: block.time, value: block.high + slack(block) })),
      near.map((block) => ({ time: block.time, value: block.low - slack(block) })),
    );
    const range = corridor.range(time, -MOST_DRIFT, MOST_DRIFT);
    if (range) yield range;
  }
  const drift = MOST_DRIFT * Math.abs(last.time - time);
  yield { low: last.low - drift, high: last.high + drift };
}

/** Where a line's events agree: how many of those that are covered lie in runs. */
export function agreement(tracks: readonly Track[], { time, offset, rate }: Line): { inside: number; covered: number } {
  let inside = 0;
  let covered = 0;
  for (const { times, runs } of tracks) {
    const { from, to } = coverage(runs);
    const { starts, ends } = runs;
    let k = 0;
    for (let j = lowerBound(times, from - offset - Math.abs(offset * rate)); j < times.length; j++) {
      const guest = times[j] as number;
      const host = guest + offset + rate * (guest - time);
      if (host < from) continue;
      if (host > to) break;
      while ((ends[k] as number) < host) k++;
      covered++;
      if ((starts[k] as number) <= host) inside++;
    }
  }
  return { inside, covered };
}
