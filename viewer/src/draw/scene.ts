import type { TaskNames, TrackLayout, TrackNames } from '../../../src/tracks/types.ts';
import type { Impossible } from '../state/clocks.ts';
import type { Item, Span, TaskRow } from '../state/page.ts';
import type { Series } from '../state/series.ts';
import type { Palette } from './colours.ts';

/** All that a picture of tracks depends on. */
export interface Scene {
  readonly layout: TrackLayout;
  readonly series: readonly Series[];
  readonly taskRows: readonly TaskRow[];
  readonly names: TrackNames;
  readonly tasks: readonly TaskNames[];
  readonly view: Span;
  /** Changes when the same view is to be painted anew. */
  readonly version: string;
  readonly palette: Palette;
  readonly selection: Item | undefined;
  /** Per track: places of events that a search found. */
  readonly matches: ReadonlyMap<number, Uint32Array> | undefined;
  /** Per track: what can't have been. */
  readonly impossible: ReadonlyMap<number, Impossible>;
  /** Half the width of a guest's event's place in time; NaN unknown. */
  bound(track: number, time: number): number;
}
