import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundledCaptures } from '../../test/support/captures.ts';
import { fillTracks, openCapture, openFiles } from '../../test/support/tracks.ts';
import { recordMachine } from '../../test/support/vm-simulator.ts';
import { openTimeline } from '../timeline/open-timeline.ts';
import type { EventColumns } from './types.ts';

describe.each(bundledCaptures().map(({ name }) => name))('%s', (name) => {
  test('every event of the timeline is in its lane, in order', async () => {
    const files = await openCapture(name);
    const { builder, columns } = await fillTracks(files);
    const { layout } = builder.plan;
    expect(builder.plan.warnings).toEqual(name === 'kvm-fgraph' ? ['kvm-fgraph.dat: has no events'] : []);
    const timeline = openTimeline(files.map(({ trace }) => trace));
    const expected = layout.tracks.map(() => ({ times: [] as number[], ids: [] as number[] }));
    await timeline.fill();
    for (; !timeline.ended; await timeline.fill()) {
      for (let one = timeline.next(); one; one = timeline.next()) {
        const { file, buffer, stream } = one.input;
        const track = layout.tracks.findIndex(
          (lane) =>
            lane.kind === 'events' &&
            files[layout.machines[lane.machine]!.file]!.trace === file &&
            lane.buffer === buffer.name &&
            lane.cpu === stream.cpu,
        );
        const time = Number(((BigInt(one.hi) << 32n) | BigInt(one.lo)) - layout.base);
        const { times, ids } = expected[track]!;
        times.push(Math.max(time, times.at(-1) ?? time));
        ids.push(one.record.view.getUint16(one.record.start, true));
      }
    }
    for (const [track, { kind }] of layout.tracks.entries()) {
      if (kind !== 'events') continue;
      const { times, ids } = columns[track] as EventColumns;
      expect([...times]).toEqual(expected[track]!.times);
      expect([...ids]).toEqual(expected[track]!.ids);
    }
  });

  test('chunks that are taken in any rhythm are what one take gives', async () => {
    const files = await openCapture(name);
    const { columns } = await fillTracks(files);
    const rhythm = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rhythm, async (beats) => {
        expect((await fillTracks(files, { clock: 'corrected' }, beats)).columns).toEqual(columns);
      }),
      { numRuns: 2 },
    );
  });
});

test('a raw clock moves a guest as a whole, its first event staying where it is', async () => {
  const { host, guest } = recordMachine({ vcpus: 2, length: 20_000_000, drift: 500, samples }, 1);
  const files = await openFiles({ host, guest });
  const [corrected, raw] = [await fillTracks(files), await fillTracks(files, { clock: 'raw' })];
  const lanes = corrected.builder.plan.layout.tracks.flatMap((track, place) =>
    track.kind === 'events' && track.machine === 1 ? [place] : [],
  );
  const times = (filled: typeof raw): number[] =>
    lanes.flatMap((lane) => [...(filled.columns[lane] as EventColumns).times]);
  const [right, wrong] = [times(corrected), times(raw)];
  expect(Math.min(...wrong)).toBeCloseTo(Math.min(...right), 6);
  // The guest's clock runs ahead by 500 ppm.
  const spread = (all: number[]): number => Math.max(...all) - Math.min(...all);
  expect(spread(wrong) / spread(right)).toBeCloseTo(1.0005, 5);
});

function samples(offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) {
  const at = [0, 20_000_000].map((time) => ({
    ...{ time: guestAt(time), offset: offsetAt(time), scaling: 1n, fraction: 0 },
  }));
  return { peerTraceId: 0x1111n, flags: 1, cpus: [at, at] };
}
