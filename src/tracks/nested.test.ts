import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fillTracks, openFiles } from '../../test/support/tracks.ts';
import {
  callData,
  type Happening,
  happeningsTrace,
  irqEntryData,
  irqExitData,
  returnData,
  softEntryData,
  softExitData,
  switchData,
} from '../../test/support/vcpu-trace.ts';
import { InterruptNames } from './names.ts';
import { type CallColumns, type InterruptColumns, type TaskColumns, UNKNOWN_PID } from './types.ts';

const START = 1_000_000;
const RUNNABLE = 0;

async function tracksOf(happenings: readonly Happening[], rhythm?: readonly number[]) {
  const files = await openFiles({ trace: happeningsTrace('host', happenings) });
  const { builder, columns } = await fillTracks(files, { clock: 'corrected' }, rhythm);
  const { tracks } = builder.plan.layout;
  const of = <Columns>(kind: string, cpu = 0): Columns =>
    columns[tracks.findIndex((track) => track.kind === kind && track.cpu === cpu)] as Columns;
  return { builder, of };
}

const happen = (time: number, data: Uint8Array, cpu = 0): Happening => ({ time: START + time, cpu, data });

interface Named {
  readonly starts: Float64Array;
  readonly ends: Float64Array;
}

/** Slices as [name, start, end]. */
function slices({ starts, ends }: Named, places: ArrayLike<number>, names: readonly string[]) {
  return Array.from(starts, (start, i) => [names[places[i]!], start, ends[i]]);
}

describe('interrupts', () => {
  test('lie in each other as they came', async () => {
    const { builder, of } = await tracksOf([
      happen(0, switchData(0, RUNNABLE, 5)),
      happen(10, softEntryData(5, 1)),
      happen(20, irqEntryData(5, 24, 'disk')),
      happen(30, irqExitData(5, 24)),
      happen(40, irqEntryData(5, 25, 'net')),
      happen(50, irqExitData(5, 25)),
      happen(60, softExitData(5, 1)),
      happen(70, irqEntryData(5, 24, 'disk')),
      happen(80, irqExitData(5, 24)),
    ]);
    const columns = of<InterruptColumns>('interrupts');
    expect(slices(columns, columns.names, builder.names.interrupts)).toEqual([
      ['softirq TIMER', 10, 60],
      ['irq/24 disk', 20, 30],
      ['irq/25 net', 40, 50],
      ['irq/24 disk', 70, 80],
    ]);
  });

  test('end where they can only have ended, when their ends are missing', async () => {
    const { builder, of } = await tracksOf([
      happen(0, irqExitData(5, 24)),
      happen(10, softEntryData(5, 1)),
      happen(20, irqEntryData(5, 24, 'disk')),
      happen(30, softExitData(5, 1)),
      happen(40, softEntryData(5, 1)),
      happen(50, softEntryData(5, 9)),
      happen(60, switchData(5, RUNNABLE, 6)),
      happen(70, irqEntryData(6, 24, 'disk')),
      happen(80, switchData(6, RUNNABLE, 5), 1),
    ]);
    const columns = of<InterruptColumns>('interrupts');
    expect(slices(columns, columns.names, builder.names.interrupts)).toEqual([
      ['softirq TIMER', 10, 30],
      ['irq/24 disk', 20, 30],
      ['softirq TIMER', 40, 50],
      ['softirq RCU', 50, 60],
      ['irq/24 disk', 70, 80],
    ]);
  });
});

test('a vector is the same on machines that know others besides', () => {
  const names = new InterruptNames();
  const place = names.placeOf('local_timer');
  const key = names.keys[place];
  names.placeOf('reschedule');
  expect(names.placeOf('local_timer')).toBe(place);
  expect(names.keys[place]).toBe(key);
});

describe('calls', () => {
  test('of tasks that take turns are cut where the other one goes on', async () => {
    const { builder, of } = await tracksOf([
      happen(0, callData(5, 0, 0)),
      happen(10, callData(5, 1, 1)),
      happen(20, callData(6, 0, 2)),
      happen(30, returnData(6, 0, 2)),
      happen(40, returnData(5, 1, 1)),
      happen(50, callData(5, 1, 3)),
      happen(60, returnData(5, 1, 3)),
      happen(70, returnData(5, 0, 0)),
    ]);
    const columns = of<CallColumns>('calls');
    expect(slices(columns, columns.functions, builder.names.functions)).toEqual([
      ['function_0', 0, 20],
      ['function_1', 10, 20],
      ['function_2', 20, 30],
      ['function_0', 40, 70],
      ['function_3', 50, 60],
    ]);
    expect([...columns.depths]).toEqual([0, 1, 0, 0, 1]);
  });

  test('end with the next call that is not in them, when their returns are missing', async () => {
    const { builder, of } = await tracksOf([
      happen(0, returnData(5, 3, 9)),
      happen(10, callData(5, 2, 0)),
      happen(20, callData(5, 3, 1)),
      happen(30, callData(5, 2, 2)),
      happen(40, returnData(5, 1, 8)),
      happen(50, callData(5, 1, 99)),
    ]);
    const columns = of<CallColumns>('calls');
    expect(slices(columns, columns.functions, builder.names.functions)).toEqual([
      ['function_0', 10, 30],
      ['function_1', 20, 30],
      ['function_2', 30, 40],
      ['0x10006300', 50, 50],
    ]);
  });
});

test('who ran is known from the first event on, and again after a loss', async () => {
  const { builder, of } = await tracksOf([
    happen(0, irqEntryData(4, 24, 'disk')),
    happen(10, switchData(4, RUNNABLE, 5)),
    happen(20, switchData(5, RUNNABLE, 0)),
    { ...happen(90, irqEntryData(7, 24, 'disk')), lost: 12 },
    happen(100, switchData(7, RUNNABLE, 5)),
  ]);
  const { starts, pids } = of<TaskColumns>('tasks');
  // Nothing is known from the last event before the loss on.
  expect([...starts]).toEqual([0, 10, 20, 20, 90, 100]);
  expect([...pids]).toEqual([4, 5, 0, UNKNOWN_PID, 7, 5]);
  const interrupts = of<InterruptColumns>('interrupts');
  expect([...interrupts.starts]).toEqual([0, 90]);
  expect([...interrupts.ends]).toEqual([10, 100]);
  expect(builder.takeNames()?.tasks[0]?.get(7)).toBe('task-7');
});

describe('whatever comes in whatever order', () => {
  const pid = fc.integer({ min: 0, max: 4 });
  const data = fc.oneof(
    fc.tuple(pid, fc.constantFrom(0, 1, 0x100), pid).map(([a, state, b]) => switchData(a, state, b)),
    fc.tuple(pid, fc.integer({ min: 20, max: 23 })).map(([who, irq]) => irqEntryData(who, irq, `device-${irq}`)),
    fc.tuple(pid, fc.integer({ min: 20, max: 23 })).map(([who, irq]) => irqExitData(who, irq)),
    fc.tuple(pid, fc.integer({ min: 0, max: 11 })).map(([who, vector]) => softEntryData(who, vector)),
    fc.tuple(pid, fc.integer({ min: 0, max: 11 })).map(([who, vector]) => softExitData(who, vector)),
    fc.tuple(pid, fc.integer({ min: -1, max: 6 }), fc.nat(5)).map(([who, depth, name]) => callData(who, depth, name)),
    fc.tuple(pid, fc.integer({ min: -1, max: 6 }), fc.nat(5)).map(([who, depth, name]) => returnData(who, depth, name)),
  );
  const step = fc.record({
    data,
    cpu: fc.nat(1),
    wait: fc.nat(3),
    lost: fc.option(fc.integer({ min: 1, max: 9 }), { freq: 20 }),
  });
  const happenings = fc.array(step, { minLength: 1, maxLength: 120 }).map((steps) => {
    let time = START;
    return steps.map(({ data, cpu, wait, lost }): Happening => {
      time += wait;
      return { time, cpu, data, ...(lost === null ? {} : { lost }) };
    });
  });

  test('slices lie within slices, and chunks in any rhythm are what one take gives', async () => {
    await fc.assert(
      fc.asyncProperty(happenings, fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 }), async (list, rhythm) => {
        const whole = await tracksOf(list);
        const pieces = await tracksOf(list, rhythm);
        for (const cpu of new Set(list.map((one) => one.cpu))) {
          for (const kind of ['tasks', 'interrupts', 'calls']) {
            expect(pieces.of(kind, cpu)).toEqual(whole.of(kind, cpu));
          }
          expectNested(whole.of<InterruptColumns>('interrupts', cpu), whole.builder.until);
          expectNested(whole.of<CallColumns>('calls', cpu), whole.builder.until);
          const { starts, pids } = whole.of<TaskColumns>('tasks', cpu);
          expect([...starts]).toEqual([...starts].sort((a, b) => a - b));
          expect([...pids].every((one, i) => one !== pids[i - 1])).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });
});

function expectNested({ starts, ends }: Named, until: number): void {
  const open: number[] = [];
  for (const [i, start] of starts.entries()) {
    const end = ends[i]!;
    expect(end).toBeGreaterThanOrEqual(start);
    expect(end).toBeLessThanOrEqual(until);
    expect(start).toBeGreaterThanOrEqual(starts[i - 1] ?? 0);
    while (open.length > 0 && open.at(-1)! <= start) open.pop();
    if (open.length > 0) expect(end).toBeLessThanOrEqual(open.at(-1)!);
    open.push(end);
  }
}
