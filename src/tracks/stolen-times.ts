import { Divider, StolenList, stolenIntervals } from './stolen.ts';
import type { TrackBuilder } from './track-builder.ts';
import type { StolenTimes } from './types.ts';
import { vcpusOf } from './vcpus.ts';

/** When it was that hosts stole from their guests, by thread: what stories sum up. Once all events are read. */
export function stolenTimes(builder: TrackBuilder): StolenTimes[] {
  return builder.plan.layout.machines.flatMap((_, machine) =>
    vcpusOf(builder, machine).map(({ track, columns, work }) => ({
      track,
      ...stolenIntervals(columns, work, builder.exitNames, builder.until),
    })),
  );
}

/**
 * The same while events are read, piece by piece: to be shown until all is known. What shows only later is not in it:
 * what events that were lost change, what ran before a guest's first switch, and that a guest's recording has ended.
 */
export class StolenSoFar {
  readonly #builder: TrackBuilder;
  /** By track of the thread. */
  readonly #dividers = new Map<number, { readonly divider: Divider; readonly list: StolenList }>();

  constructor(builder: TrackBuilder) {
    this.#builder = builder;
  }

  /** What was stolen since the last time. */
  take(): StolenTimes[] {
    const builder = this.#builder;
    const { machines } = builder.plan.layout;
    return machines.flatMap((_, machine) =>
      vcpusOf(builder, machine).flatMap(({ track, columns, work, knownUntil }) => {
        const { divider, list } = this.#of(track);
        divider.advance(columns, work, builder.exitNames, Math.min(builder.until, knownUntil), list.add);
        const taken = list.take();
        return taken.starts.length === 0 ? [] : [{ track, ...taken }];
      }),
    );
  }

  #of(track: number): { readonly divider: Divider; readonly list: StolenList } {
    let own = this.#dividers.get(track);
    if (own === undefined) {
      own = { divider: new Divider(), list: new StolenList() };
      this.#dividers.set(track, own);
    }
    return own;
  }
}
