import { expect, test } from 'vitest';
import { missing } from '../../test/support/capabilities.ts';
import { temporaryFolder } from '../../test/support/temp-folder.ts';
import { tracefsState, withTracefs } from '../../test/support/tracefs-state.ts';
import { Journal } from '../kernel/journal.ts';
import { openTracefs } from '../kernel/tracefs.ts';
import { ExitStamps } from './exit-stamps.ts';
import { createMarkerInstance, type MarkerInstance, withExits } from './marker-instance.ts';
import { RawMarkers } from './raw-markers.ts';

const unable = missing('root', 'tracefs');
const folder = temporaryFolder();
const MOST = 1000;

interface Made {
  readonly stamps: BigUint64Array;
  /** Of a marker before, and one behind. */
  readonly around: readonly [bigint, bigint];
  readonly events: readonly string[];
  readonly areOff: boolean;
  /** How long was paused behind each marker. */
  readonly pauses: readonly number[];
}

/** Stamps of this thread. */
async function made(events: 'kernel' | 'none', most = MOST): Promise<Made> {
  return withTracefs(async () => {
    const before = tracefsState();
    const tracefs = openTracefs();
    const journal = new Journal(folder);
    const markersAlone = createMarkerInstance(tracefs, journal, 'mono');
    const instance: MarkerInstance = events === 'none' ? markersAlone : withExits(markersAlone, tracefs);
    const markers = new RawMarkers(instance);
    const pauses: number[] = [];
    const exits = new ExitStamps(instance, markers, () => ++pauses[pauses.length - 1]!);
    const stamp = markers.mark.bind(markers);
    markers.mark = (slot) => {
      pauses.push(0);
      stamp(slot);
    };
    const mark = (): bigint => {
      markers.begin(1);
      markers.mark(0);
      return markers.read()[0] as bigint;
    };
    try {
      const first = mark();
      pauses.length = 0;
      const stamps = exits.make(most);
      const made = [...pauses];
      const around = [first, mark()] as const;
      const files = tracefs.instance(instance.path.split('/').at(-1) as string);
      const areOff = (instance.exits ?? []).every(
        ({ system, name }) => files.read('events', system, name, 'enable').trim() === '0',
      );
      return { stamps, around, areOff, pauses: made, events: (instance.exits ?? []).map(({ name }) => name) };
    } finally {
      exits.close();
      markers.close();
      expect(journal.undo()).toEqual([]);
      expect(tracefsState()).toEqual(before);
    }
  });
}

function expectAscendingWithin({ stamps, around: [first, last] }: Made): void {
  const all = [first, ...stamps, last];
  expect(all).toEqual([...all].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)));
}

test('next to each exit the kernel stamps, too', async (context) => {
  context.skip(unable !== undefined, unable);
  const both = await made('kernel');
  expect(both.events).toContain('hrtimer_start');
  expectAscendingWithin(both);
  // Each second exit is made by starting a timer.
  expect(both.stamps.length).toBeGreaterThanOrEqual(128 + 64);
  expect(both.areOff).toBe(true);
});

test('without events of the kernel the markers are what there is, at uneven times', async (context) => {
  context.skip(unable !== undefined, unable);
  const alone = await made('none');
  expect(alone.stamps).toHaveLength(128);
  const { pauses } = alone;
  expect(pauses).toHaveLength(128);
  expect(Math.max(...pauses)).toBe(3);
  for (let shift = 1; shift < 64; shift++) {
    const same = pauses.filter((pause, i) => pause === pauses[i + shift]).length;
    expect(same).toBeLessThan(0.6 * (pauses.length - shift));
  }
  expectAscendingWithin(alone);
});

test('of more than there is room for, the last are kept', async (context) => {
  context.skip(unable !== undefined, unable);
  const few = await made('kernel', 10);
  expect(few.stamps).toHaveLength(10);
  expectAscendingWithin(few);
});
