import { describe, expect, test } from 'vitest';
import type { Impossible } from '../state/clocks.ts';
import type { Item } from '../state/page.ts';
import type { Row, Strip } from '../state/rows.ts';
import { append, emptySeries, emptyStates } from '../state/series.ts';
import { LIGHT } from './colours.ts';
import type { Scene } from './scene.ts';
import { SvgPen } from './svg-pen.ts';
import { writeStrip } from './write.ts';

const WIDTH = 100;
const series = emptySeries({ kind: 'events', machine: 0, cpu: 0, buffer: '' });
append(series, { times: Float64Array.of(100, 500, 900), ids: new Uint16Array(3), pids: new Int32Array(3) });

/** Strokes on a lane of three events, 10 time units per pixel. */
function strokes(parts: Partial<Scene>, strip: Partial<Strip> = {}): string[] {
  const scene: Scene = {
    layout: { base: 0n, end: 1000, unit: 'ns', machines: [], tracks: [] },
    ...{ series: [series], taskRows: [], names: { exits: [], interrupts: [], functions: [] }, tasks: [] },
    ...{ view: { start: 0, end: 1000 }, version: '', palette: LIGHT, selection: undefined, matches: undefined },
    ...{ impossible: new Map<number, Impossible>(), bound: () => Number.NaN },
    ...parts,
  };
  const pen = new SvgPen((text) => ({ width: 6 * text.length }) as TextMetrics);
  const whole: Strip = { kind: 'events', track: 0, level: 0, y: 0, height: 14, ...strip };
  writeStrip(pen, whole, { machine: 0 } as Row, 0, WIDTH, scene);
  return pen.elements.filter((element) => element.includes('stroke='));
}

describe('the +/- of events', () => {
  test('is drawn where it is wider than a pixel', () => {
    expect(strokes({ bound: () => 4 })).toEqual([]);
    expect(strokes({ bound: () => 6 })).toHaveLength(3);
    expect(strokes({ bound: (_, time) => (time === 500 ? 40 : Number.NaN) })).toHaveLength(1);
  });

  test('reaches as far as the time is uncertain', () => {
    const [own] = strokes({ bound: (_, time) => (time === 500 ? 200 : 0) });
    expect(own).toMatch(/d="M30 [\d.]+L70 /);
  });
});

test('events that can not have been are crossed out, those in one place together', () => {
  const times = Float64Array.of(101, 500, 510, 5000);
  const impossible = new Map([
    [0, { times, rules: ['run', 'run', 'halt', 'run'], distances: times }],
  ]) as Scene['impossible'];
  const [crosses, ...others] = strokes({ impossible });
  expect(others).toEqual([]);
  expect(crosses).toContain(LIGHT.css.bad);
  expect([...(crosses ?? '').matchAll(/M/g)]).toHaveLength(4);
  expect(strokes({ impossible: new Map([[1, impossible.get(0)!]]) })).toEqual([]);
});

test('what is selected in the row of a task is framed there', () => {
  const states = emptyStates();
  states.shares.append(Float64Array.of(0, 500), () => 1);
  states.shares.end = 1000;
  const taskRows = [{ machine: 0, pid: 7, series: states }];
  const selection: Item = { track: -1, level: 0, index: 1, task: { machine: 0, pid: 7 } };
  const framed = (own: Item | undefined) => strokes({ taskRows, selection: own }, { kind: 'task', height: 10 });
  expect(framed(selection)).toHaveLength(1);
  expect(framed({ ...selection, task: { machine: 0, pid: 8 } })).toEqual([]);
  expect(framed({ track: 0, level: 0, index: 1 })).toEqual([]);
});
