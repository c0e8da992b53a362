import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Columns, eachWide } from './labels.ts';

const LEAST = 26;
const WIDTH = 1000;

/** Slices with gaps between them, or without. */
const columns = fc.record({
  gaps: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 200 }),
  shares: fc.option(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 200, maxLength: 200 })),
});

test('text is for the slices of which enough is seen, and for no others', () => {
  fc.assert(
    fc.property(columns, fc.integer({ min: 0, max: 5000 }), fc.integer({ min: 1, max: 9000 }), (made, from, span) => {
      let time = 100;
      const times = made.gaps.map((gap) => {
        time += gap;
        return time;
      });
      const length = times.length - 1;
      const starts = Float64Array.from(times.slice(0, length));
      const end = times[length]!;
      const ends =
        made.shares && Float64Array.from(starts, (start, i) => start + made.shares![i]! * (times[i + 1]! - start));
      const own: Columns = ends === null ? { starts, length, end } : { starts, length, ends };
      const view = { start: from, end: from + span };
      const scale = WIDTH / span;
      const seen: number[][] = [];
      eachWide(own, view, WIDTH, (place, left, right) => seen.push([place, left, right]));
      const wanted: number[][] = [];
      for (let place = 0; place < length; place++) {
        const left = Math.max(starts[place]!, view.start);
        const right = Math.min(ends?.[place] ?? times[place + 1]!, view.end);
        if ((right - left) * scale >= LEAST)
          wanted.push([place, (left - view.start) * scale, (right - view.start) * scale]);
      }
      expect(seen).toEqual(wanted);
    }),
    { numRuns: 2000 },
  );
});
