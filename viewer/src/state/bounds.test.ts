import fc from 'fast-check';
import { expect, test } from 'vitest';
import { BoundTrack } from '../../../src/time/bound-track.ts';
import { MOST_DRIFT_PPM } from '../../../src/time/drift.ts';
import { boundAt } from './bounds.ts';
import * as page from './page.ts';

const BASE = 5_000_000n;
const INTERPOLATES = 1;
const MOST_DRIFT = Number(MOST_DRIFT_PPM) / 1e6;

test('whiskers are as wide as a report says, wherever an event lies', () => {
  const samples = fc
    .uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 2, maxLength: 8 })
    .chain((times) => fc.tuple(fc.constant(times.sort((a, b) => a - b)), fc.array(fc.nat(5000), { minLength: 8 })));
  fc.assert(
    fc.property(samples, fc.integer({ min: -1_000_000, max: 2_000_000 }), ([times, bounds], time) => {
      const made = times.map((one, i) => ({
        ...{ time: BASE + BigInt(one), offset: 0n, scaling: 1n, fraction: 0, bound: BigInt(bounds[i]!) },
      }));
      const stamp = BASE + BigInt(time);
      const expected = new BoundTrack(made, INTERPOLATES).at(Number(stamp >> 32n), Number(stamp & 0xffff_ffffn));
      const last = times.length - 1;
      const growth = Math.min((bounds[0]! + bounds[last]!) / (times[last]! - times[0]!), MOST_DRIFT);
      page.layout.value = {
        ...{ base: BASE, end: 1_000_000, unit: 'ns', tracks: [{ kind: 'events', machine: 0, cpu: 3, buffer: '' }] },
        machines: [{ file: 0, name: 'guest', host: undefined, cpuCount: 4, clock: 'mono' }],
      };
      page.bounds.value = [
        {
          machine: 0,
          cpu: 3,
          growth,
          times: Float64Array.from(times),
          bounds: Float64Array.from(bounds.slice(0, last + 1)),
        },
      ];
      expect(Math.abs(boundAt.value(0, time) - expected)).toBeLessThanOrEqual(1);
    }),
  );
});
