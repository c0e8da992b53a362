import fc from 'fast-check';
import { expect, test } from 'vitest';
import { around, clamped, panned, showing, zoomed } from './view.ts';

const WHOLE = { start: 0, end: 1e9 };
const inside = fc.tuple(fc.integer({ min: 0, max: 1e9 - 1 }), fc.integer({ min: 1, max: 1e9 })).map(([a, length]) => ({
  start: a,
  end: Math.min(1e9, a + length),
}));

test('a view stays within the recording and its margins, and is never empty', () => {
  fc.assert(
    fc.property(
      inside,
      fc.double({ min: 0.001, max: 1000, noNaN: true }),
      fc.double({ min: -2, max: 2, noNaN: true }),
      (view, factor, part) => {
        const middle = (view.start + view.end) / 2;
        const views = [
          zoomed(view, factor, middle, WHOLE),
          panned(view, part, WHOLE),
          around(view, WHOLE),
          clamped(view, WHOLE),
        ];
        for (const { start, end } of views) {
          expect(end - start).toBeGreaterThanOrEqual(19.99);
          expect(start).toBeGreaterThanOrEqual(-0.0201e9);
          expect(end).toBeLessThanOrEqual(1.0201e9);
        }
      },
    ),
  );
});

test('what is under the pointer stays there while zooming', () => {
  const view = { start: 1e8, end: 2e8 };
  const { start, end } = zoomed(view, 0.5, 1.25e8, WHOLE);
  expect((1.25e8 - start) / (end - start)).toBeCloseTo(0.25, 9);
  expect(end - start).toBeCloseTo(0.5e8, 3);
});

test('a view moves only if a time is out of sight', () => {
  const view = { start: 1e8, end: 2e8 };
  expect(showing(view, 1.5e8, WHOLE)).toBe(view);
  const moved = showing(view, 5e8, WHOLE);
  expect([moved.start, moved.end]).toEqual([4.5e8, 5.5e8]);
});
