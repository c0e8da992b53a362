import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { append, type EventSeries, emptySeries } from '../state/series.ts';
import { Shares } from '../state/shares.ts';
import { Slices } from '../state/slices.ts';
import { TASK_CLASS, taskClass } from '../state/task-class.ts';
import { ticksOf } from './axis.ts';
import { colourOf, LIGHT, mixed } from './colours.ts';
import { paintEvents } from './paint-events.ts';
import { paintSlices } from './paint-slices.ts';
import { paintTasks } from './paint-tasks.ts';
import type { Picture } from './picture.ts';
import { runs } from './svg.ts';
import { escapeText } from './svg-pen.ts';

function picture(width: number, start: number, end: number, lines = 1): Picture {
  return { pixels: new Uint32Array(width * lines), width, start, step: (end - start) / width };
}

function tasks(pids: readonly number[], length: number): Parameters<typeof paintTasks>[0] {
  const shares = new Shares(TASK_CLASS.count);
  shares.append(
    Float64Array.from(pids, (_, place) => place * length),
    (place) => taskClass(pids[place]!),
  );
  shares.end = pids.length * length;
  return { kind: 'tasks', shares, pids: Int32Array.from(pids), stolen: new Slices() };
}

describe('tasks', () => {
  test('have the pixels of their time, idling told apart', () => {
    const one = picture(6, 0, 60);
    paintTasks(tasks([7, 0, -1], 20), one, 0, LIGHT);
    const own = colourOf(LIGHT.tasks, 7);
    expect([...one.pixels]).toEqual([own, own, LIGHT.idle, LIGHT.idle, LIGHT.unknown, LIGHT.unknown]);
  });

  test('what is not read yet is left as it was', () => {
    const one = picture(4, 0, 40);
    paintTasks(tasks([7], 20), one, 0, LIGHT);
    expect([...one.pixels].slice(2)).toEqual([0, 0]);
  });

  test('a pixel is as strong as the CPU was busy in it', () => {
    const half = picture(1, 0, 1000);
    paintTasks(
      tasks(
        Array.from({ length: 100 }, (_, at) => (at % 2 === 0 ? 7 : 0)),
        10,
      ),
      half,
      0,
      LIGHT,
    );
    expect(half.pixels[0]).toBe(mixed(colourOf(LIGHT.tasks, 7), LIGHT.idle, 0.12 + 0.5 * 0.88));
  });

  test('no view fails, whatever part of the recording it shows', () => {
    const views = fc.tuple(
      fc.double({ min: -50, max: 400, noNaN: true }),
      fc.double({ min: 0.01, max: 800, noNaN: true }),
    );
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 3 }), { minLength: 1, maxLength: 60 }),
        views,
        (pids, [start, length]) => {
          const one = picture(33, start, start + length);
          paintTasks(tasks(pids, 5), one, 0, LIGHT);
          const { step } = one;
          one.pixels.forEach((pixel, x) => {
            const [left, right] = [start + x * step, start + (x + 1) * step];
            if (right < 0 || left > pids.length * 5) expect(pixel).toBe(0);
            else if (left >= 0 && right <= pids.length * 5) expect(pixel).not.toBe(0);
          });
        },
      ),
    );
  });
});

describe('slices with gaps', () => {
  const COLOURS = LIGHT.tasks;

  test('cover their pixels and leave the gaps', () => {
    const slices = new Slices();
    slices.push(11, 19, 1);
    slices.push(41, 60, 2);
    const one = picture(7, 0, 70);
    paintSlices(slices, one, 0, COLOURS);
    expect([...one.pixels].map((pixel) => pixel !== 0)).toEqual([false, true, false, false, true, true, false]);
    expect(one.pixels[5]).toBe(colourOf(COLOURS, 2));
  });

  test('every pixel of a slice is covered and no other, in any view', () => {
    const made = fc.array(fc.tuple(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 30 })), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(
        made,
        fc.integer({ min: -100, max: 500 }),
        fc.integer({ min: 5, max: 900 }),
        (parts, start, length) => {
          const slices = new Slices();
          let time = 0;
          for (const [gap, size] of parts) {
            slices.push(time + gap, time + gap + size, 3);
            time += gap + size;
          }
          const one = picture(40, start, start + length);
          paintSlices(slices, one, 0, COLOURS);
          for (let x = 0; x < 40; x++) {
            const [left, right] = [start + x * one.step, start + (x + 1) * one.step];
            let covered = 0;
            for (let at = 0; at < slices.length; at++) {
              covered += Math.max(0, Math.min(right, slices.ends[at]!) - Math.max(left, slices.starts[at]!));
            }
            if (covered > 0.02 * one.step) expect(one.pixels[x]).not.toBe(0);
            if (covered === 0 && !touches(slices, left, right)) expect(one.pixels[x]).toBe(0);
          }
        },
      ),
    );
  });

  function touches({ starts, ends, length }: Slices, left: number, right: number): boolean {
    return starts.subarray(0, length).some((start, at) => start <= right + 1e-9 && ends[at]! >= left - 1e-9);
  }
});

function events(times: Float64Array, pids: Int32Array): EventSeries {
  const series = emptySeries({ kind: 'events', machine: 0, cpu: 0, buffer: '' }) as EventSeries;
  append(series, { times, ids: new Uint16Array(times.length), pids });
  return series;
}

test('every event has a mark in its pixel, and nothing else has', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 99 }), { maxLength: 300 }), (values) => {
      const times = Float64Array.from(values).sort();
      const one = picture(10, 0, 100, 8);
      paintEvents(events(times, new Int32Array(times.length)), one, 0, 8, LIGHT);
      for (let x = 0; x < 10; x++) {
        const has = values.some((time) => time >= x * 10 && time < (x + 1) * 10);
        const onEdge = values.some((time) => time === (x + 1) * 10 || time === x * 10);
        if (!onEdge) expect(one.pixels[7 * 10 + x] !== 0).toBe(has);
      }
    }),
  );
});

test('where nothing else tells who ran, events have the colours of their tasks', () => {
  const series = events(Float64Array.of(5, 15, 16, 25), Int32Array.of(7, 8, 8, 0));
  const one = picture(4, 0, 40);
  paintEvents(series, one, 0, 1, LIGHT, true);
  const [seven, eight] = [7, 8].map((pid) => colourOf(LIGHT.tasks, pid));
  expect([...one.pixels]).toEqual([seven, eight, LIGHT.density, 0]);
});

test('ticks of the axis are exact, in order, and not too many', () => {
  const views = fc.tuple(
    fc.bigInt(0n, 2n ** 62n),
    fc.integer({ min: 0, max: 2 ** 40 }),
    fc.integer({ min: 20, max: 2 ** 40 }),
  );
  fc.assert(
    fc.property(views, fc.constantFrom('ns', 'ticks'), ([base, start, length], unit) => {
      const { ticks, step } = ticksOf(base, { start, end: start + length }, 1000, unit);
      expect(ticks.length).toBeLessThan(60);
      for (const { time } of ticks) {
        expect(time).toBeGreaterThanOrEqual(start);
        expect((base + BigInt(time)) % BigInt(step)).toBe(0n);
      }
    }),
  );
});

test('ticks say what changes, and the whole where that begins anew', () => {
  const texts = ticksOf(12_345_678_000n, { start: 0, end: 4000 }, 720, 'ns').ticks.map(({ text }) => text);
  expect(texts.slice(0, 3)).toEqual(['12.345678 s', '+500 ns', '12.345679 s']);
});

test('runs of pixels are rectangles, as high as their bars', () => {
  const [o, a, b] = [0, 1, 2];
  const pixels = Uint32Array.of(o, a, a, o, b, a, a, a, o, b);
  expect(runs(pixels, 5, 2, 0)).toEqual([
    { left: 0, right: 1, top: 1, colour: a },
    { left: 1, right: 3, top: 0, colour: a },
    { left: 4, right: 5, top: 0, colour: b },
  ]);
});

test('text from traces can be no markup', () => {
  expect(escapeText('<b a="1">&\0')).toBe('&lt;b a=&quot;1&quot;&gt;&amp;\ufffd');
});
