import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bundledCaptures } from '../../test/support/captures.ts';
import { openCapture, openFiles } from '../../test/support/tracks.ts';
import { entryData, exitData, type Happening, happeningsTrace } from '../../test/support/vcpu-trace.ts';
import { recordMachine } from '../../test/support/vm-simulator.ts';
import type { ReportFile } from '../text/report/report-file.ts';
import { layoutOf } from './layout.ts';
import { StolenSoFar, stolenTimes } from './stolen-times.ts';
import { TrackBuilder } from './track-builder.ts';
import type { TaskColumns } from './types.ts';

interface Times {
  readonly starts: readonly number[];
  readonly ends: readonly number[];
}

/** How much of a part of the recording some times cover. */
const covered = ({ starts, ends }: Times, from: number, to: number): number =>
  starts.reduce((sum, start, i) => sum + Math.max(0, Math.min(ends[i]!, to) - Math.max(start, from)), 0);

/** What is told piece by piece, and at the end; by track of the thread. */
async function both(files: readonly ReportFile[], beats: readonly number[]) {
  const builder = new TrackBuilder(files, await layoutOf(files, { clock: 'corrected' }));
  const soFar = new StolenSoFar(builder);
  const pieces = new Map<number, { starts: number[]; ends: number[] }>();
  let beat = 0;
  while (!builder.ended) {
    await builder.fill();
    while (builder.step(beats[beat++ % beats.length]!)) {
      for (const { track, starts, ends } of soFar.take()) {
        const own = pieces.get(track) ?? { starts: [], ends: [] };
        own.starts.push(...starts);
        own.ends.push(...ends);
        pieces.set(track, own);
      }
    }
  }
  return { builder, pieces, whole: stolenTimes(builder) };
}

const rhythm = fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 4 });
const guests = bundledCaptures().filter(({ name }) => ['kvm-auto-1vcpu', 'kvm-v7-none-both'].includes(name));
const exact = (offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) => {
  const sample = { time: guestAt(0), offset: offsetAt(0), scaling: 1n, fraction: 0 };
  return { peerTraceId: 0x1111n, flags: 1, cpus: [[sample], [sample]] };
};
const simulated = async (): Promise<ReportFile[]> => {
  const { host, guest } = recordMachine({ vcpus: 2, length: 50_000_000, idleShare: 0.5, samples: exact }, 5);
  return openFiles({ host, guest });
};

describe.each([
  ...guests.map(({ name }) => ({ name, open: () => openCapture(name) })),
  { name: 'a simulated machine', open: simulated },
])('$name', ({ open }) => {
  test('what is told while events come in is what is told at the end', async () => {
    const files = await open();
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(rhythm, async (beats) => {
        const { builder, pieces, whole } = await both(files, beats);
        const { tracks } = builder.plan.layout;
        for (const { track, starts, ends } of whole) {
          const own = pieces.get(track);
          if (own === undefined) continue;
          const { machine, cpu } = tracks[track]!;
          const tasks = builder.columns(
            tracks.findIndex((other) => other.kind === 'tasks' && other.machine === machine && other.cpu === cpu),
          ) as TaskColumns;
          // What a guest did before its first switch, and that it did no more, is known only later.
          const [from, to] = [tasks.starts[1] ?? 0, Math.min(own.ends.at(-1)!, builder.machines[machine]!.last)];
          const all = { starts: [...starts], ends: [...ends] };
          expect(covered(own, from, to)).toBeCloseTo(covered(all, from, to), 3);
          compared += covered(all, from, to);
        }
      }),
      { numRuns: 5 },
    );
    expect(compared).toBeGreaterThan(0);
  });
});

test('a guest that recorded no switches has a track for what was taken from it', async () => {
  const VCPU = 4000;
  const at = (time: number, cpu: number, data: Uint8Array): Happening => ({ time: 1_000_000 + time, cpu, data });
  const host = [at(0, 0, entryData(VCPU)), at(1000, 0, exitData(VCPU, 48)), at(5000, 0, entryData(VCPU))];
  const { guest } = recordMachine({ vcpus: 1, length: 1_000_000, samples: exact }, 1);
  const files = await openFiles({
    host: happeningsTrace('host', host, [VCPU]),
    guest: happeningsTrace('guest', [at(10, 0, exitData(1, 1))]),
    other: guest,
  });
  const { builder, whole } = await both(files, [1]);
  const { tracks } = builder.plan.layout;
  expect(tracks).toContainEqual({ kind: 'tasks', machine: 1, cpu: 0 });
  expect(whole.map(({ starts, ends }) => [...starts, ...ends])).toContainEqual([1000, 5000]);
});
