import { describe, expect, test } from 'vitest';
import { fillTracks, openCapture, openFiles } from '../../test/support/tracks.ts';
import {
  entryData,
  exitData,
  type Happening,
  happeningsTrace,
  irqEntryData,
  irqExitData,
  switchData,
  wakingData,
} from '../../test/support/vcpu-trace.ts';
import { recordMachine } from '../../test/support/vm-simulator.ts';
import { explain } from './explain.ts';
import { stolenIntervals } from './stolen.ts';
import { guestStories } from './stories.ts';
import { taskStates } from './task-states.ts';
import { type StateColumns, VCPU_STATE } from './types.ts';

const { unknown, inGuest, inHypervisor, preempted, waking, blocked, halted } = VCPU_STATE;
const START = 1_000_000;
const VCPU = 4000;
const [EXTERNAL_INTERRUPT, HLT, IO, EPT] = [1, 12, 30, 48];
const SLEEPS = 1;
const PREEMPTED = 0x100;

const at =
  (cpu: number) =>
  (time: number, data: Uint8Array): Happening => ({ time: START + time, cpu, data });
const onHost = at(3);
const inside = at(0);

const HOST: readonly Happening[] = [
  onHost(0, switchData(50, SLEEPS, VCPU)),
  onHost(10, entryData(VCPU)),
  onHost(1_000, exitData(VCPU, EXTERNAL_INTERRUPT)),
  onHost(1_100, switchData(VCPU, PREEMPTED, 77)),
  onHost(313_100, switchData(77, SLEEPS, VCPU)),
  onHost(313_200, entryData(VCPU)),
  onHost(400_000, exitData(VCPU, HLT)),
  onHost(400_100, switchData(VCPU, SLEEPS, 0)),
  at(1)(500_000, wakingData(0, VCPU, 3)),
  onHost(500_300, switchData(0, 0, VCPU)),
  onHost(500_400, entryData(VCPU)),
  onHost(600_000, exitData(VCPU, EPT)),
  onHost(600_500, entryData(VCPU)),
  onHost(700_000, exitData(VCPU, IO)),
  onHost(700_100, switchData(VCPU, SLEEPS, 0)),
  onHost(800_000, switchData(0, 0, VCPU)),
  onHost(800_100, entryData(VCPU)),
  onHost(900_000, exitData(VCPU, EXTERNAL_INTERRUPT)),
];

const GUEST: readonly Happening[] = [
  inside(20, switchData(0, 0, 100)),
  inside(399_000, switchData(100, SLEEPS, 0)),
  inside(510_000, wakingData(0, 100, 0)),
  inside(520_000, switchData(0, 0, 100)),
  inside(590_000, wakingData(100, 101, 0)),
  inside(610_000, switchData(100, 0, 101)),
];

const open = (host: readonly Happening[], guest: readonly Happening[]) =>
  openFiles({ host: happeningsTrace('host', host, [VCPU]), guest: happeningsTrace('guest', guest) });

async function fillVcpu(host: readonly Happening[], guest: readonly Happening[]) {
  const { builder, columns } = await fillTracks(await open(host, guest));
  const track = builder.plan.layout.tracks.findIndex(({ kind }) => kind === 'vcpu');
  return { builder, columns: columns[track] as StateColumns };
}

const exitPlace = (names: readonly string[], name: string): number => names.indexOf(name);

describe('a vCPU that meets all there is', () => {
  test('has the states that the events of its thread tell', async () => {
    const { builder, columns } = await fillVcpu(HOST, GUEST);
    const { exits } = builder.names;
    const [interrupt, halt, io, ept] = ['EXTERNAL_INTERRUPT', 'HLT', 'IO_INSTRUCTION', 'EPT_VIOLATION'].map((name) =>
      exitPlace(exits, name),
    );
    const rows = Array.from(columns.starts, (start, i) => [
      ...[start, columns.states[i], columns.details[i], columns.cpus[i]],
    ]);
    expect(rows).toEqual([
      [0, unknown, -1, -1],
      [0, unknown, -1, 3],
      [10, inGuest, -1, 3],
      [1_000, inHypervisor, interrupt, 3],
      [1_100, preempted, 77, 3],
      [313_100, inHypervisor, interrupt, 3],
      [313_200, inGuest, -1, 3],
      [400_000, inHypervisor, halt, 3],
      [400_100, halted, halt, 3],
      [500_000, waking, 0, 3],
      [500_300, inHypervisor, halt, 3],
      [500_400, inGuest, -1, 3],
      [600_000, inHypervisor, ept, 3],
      [600_500, inGuest, -1, 3],
      [700_000, inHypervisor, io, 3],
      [700_100, blocked, io, 3],
      [800_000, inHypervisor, io, 3],
      [800_100, inGuest, -1, 3],
      [900_000, inHypervisor, interrupt, 3],
    ]);
  });

  test('is explained at a moment', async () => {
    const { builder, columns } = await fillVcpu(HOST, GUEST);
    const interrupt = exitPlace(builder.names.exits, 'EXTERNAL_INTERRUPT');
    expect(explain(columns, 200_000, builder.until)).toEqual({
      ...{ index: 4, state: preempted, detail: 77, cpu: 3, start: 1_100, end: 313_100 },
      outside: { start: 1_000, end: 313_200, reason: interrupt },
    });
    expect(explain(columns, 350_000, builder.until)).toMatchObject({
      state: inGuest,
      end: 400_000,
      outside: undefined,
    });
    expect(explain(columns, 900_001, builder.until)).toBeUndefined();
    expect(explain(columns, -1, builder.until)).toBeUndefined();
  });

  test('has a story that adds up', async () => {
    const { builder } = await fillVcpu(HOST, GUEST);
    const [story] = guestStories(builder);
    expect(story).toMatchObject({ machine: 1, inGuest: 386_790, stolen: 413_200, halted: 100_000, unknown: 10 });
    expect(story!.missing).toEqual({ host: [], guest: [] });
    expect(story!.steal).toEqual([
      {
        ...{ state: preempted, cause: 'task-77', pid: 77, count: 1, total: 312_000 },
        worst: { cpu: 0, start: 1_100, end: 313_100 },
      },
      {
        ...{ state: blocked, cause: 'IO_INSTRUCTION', pid: undefined, count: 1, total: 99_900 },
        worst: { cpu: 0, start: 700_100, end: 800_000 },
      },
      {
        ...{ state: inHypervisor, cause: 'EPT_VIOLATION', pid: undefined, count: 1, total: 500 },
        worst: { cpu: 0, start: 600_000, end: 600_500 },
      },
      {
        ...{ state: waking, cause: '<idle>', pid: 0, count: 1, total: 300 },
        worst: { cpu: 0, start: 500_000, end: 500_300 },
      },
      expect.objectContaining({ state: inHypervisor, cause: 'EXTERNAL_INTERRUPT', count: 2, total: 200 }),
      expect.objectContaining({ state: inHypervisor, cause: 'IO_INSTRUCTION', count: 2, total: 200 }),
      expect.objectContaining({ state: inHypervisor, cause: 'HLT', count: 1, total: 100 }),
    ]);
    expect(story!.exits).toEqual([
      {
        ...{ reason: 'EXTERNAL_INTERRUPT', count: 2, total: 312_200 },
        worst: { cpu: 0, start: 1_000, end: 313_200 },
      },
      { reason: 'HLT', count: 1, total: 100_400, worst: { cpu: 0, start: 400_000, end: 500_400 } },
      { reason: 'IO_INSTRUCTION', count: 1, total: 100_100, worst: { cpu: 0, start: 700_000, end: 800_100 } },
      { reason: 'EPT_VIOLATION', count: 1, total: 500, worst: { cpu: 0, start: 600_000, end: 600_500 } },
    ]);
    expect(story!.wakeups).toEqual([
      {
        ...{ pid: 101, comm: 'task-101', hostPart: 500, guestPart: 19_500 },
        waking: { cpu: 0, start: 590_000, end: 610_000 },
      },
      {
        ...{ pid: 100, comm: 'task-100', hostPart: 0, guestPart: 10_000 },
        waking: { cpu: 0, start: 510_000, end: 520_000 },
      },
    ]);
  });

  test('is robbed of nothing while the guest is idle, but while it handles an interrupt', async () => {
    const guest = [
      inside(20, switchData(100, SLEEPS, 0)),
      inside(900, irqEntryData(0, 24, 'disk')),
      inside(314_000, irqExitData(0, 24)),
      inside(880_000, switchData(0, 0, 100)),
    ];
    const { builder } = await fillVcpu(HOST, guest);
    const [story] = guestStories(builder);
    // Preempted in the interrupt, and waited after the wake-up.
    expect(story).toMatchObject({ inGuest: 386_790, stolen: 312_200 + 400, halted: 100_000 + 500 + 100_100 });
  });

  test('says which events are missing', async () => {
    const { builder } = await fillVcpu(
      HOST.filter((_, i) => i !== 8),
      GUEST.filter(({ data }) => data.length < 60),
    );
    expect(guestStories(builder)[0]!.missing).toEqual({
      host: ['-e sched:sched_waking'],
      guest: ['-e sched:sched_switch'],
    });
  });

  test('is not known where its host CPU lost events, nor after the last event of the host', async () => {
    const host = HOST.map((one) => (one.time === START + 600_000 ? { ...one, lost: 3 } : one));
    const { builder, columns } = await fillVcpu(host, [...GUEST, inside(1_000_000, switchData(101, 0, 100))]);
    expect(explain(columns, 550_000, builder.until)).toMatchObject({ state: unknown, start: 500_400, end: 600_000 });
    expect(explain(columns, 950_000, builder.until)).toMatchObject({ state: unknown, start: 900_000, end: 1_000_000 });
  });

  test('ran, as a task of the host, whenever its thread was on a CPU', async () => {
    const files = await open(HOST, GUEST);
    const { builder } = await fillTracks(files);
    const { starts, states } = await taskStates(files, builder.plan, 0, VCPU);
    expect(Array.from(starts, (start, i) => [start, states[i]])).toEqual([
      ...[
        [0, unknown],
        [0, inGuest],
        [1_100, preempted],
        [313_100, inGuest],
        [400_100, blocked],
      ],
      ...[
        [500_000, waking],
        [500_300, inGuest],
        [700_100, blocked],
        [800_000, inGuest],
      ],
    ]);
  });
});

describe.each(['kvm-auto-1vcpu', 'kvm-v7-none-both', 'kvm-fake-scaling'])('%s', (name) => {
  test('each vCPU has all of the time, divided', async () => {
    const { builder } = await fillTracks(await openCapture(name));
    const { machines, tracks } = builder.plan.layout;
    for (const story of guestStories(builder)) {
      const { inGuest, stolen, halted, unknown } = story;
      const whole = machines[story.machine]!.cpuCount * builder.until;
      expect((inGuest + stolen + halted + unknown) / whole).toBeCloseTo(1, 12);
      const taken = story.steal.reduce((sum, { total }) => sum + total, 0);
      expect(taken / stolen).toBeCloseTo(1, 9);
      // What is stolen lies outside of the guest, and so do halts.
      const outside = story.exits.reduce((sum, { total }) => sum + total, 0);
      expect(stolen + halted).toBeGreaterThanOrEqual(outside);
      for (const { hostPart, guestPart } of story.wakeups) {
        expect(hostPart).toBeGreaterThanOrEqual(0);
        expect(guestPart).toBeGreaterThanOrEqual(0);
      }
    }
    for (const [place, track] of tracks.entries()) {
      if (track.kind !== 'vcpu') continue;
      const columns = builder.columns(place) as StateColumns;
      const { starts, ends } = stolenIntervals(
        columns,
        { tasks: undefined, interrupts: undefined },
        builder.names.exits,
        builder.until,
      );
      for (const [i, start] of starts.entries()) {
        expect(explain(columns, (start + ends[i]!) / 2, builder.until)!.outside).toBeDefined();
      }
    }
  });
});

test('no event of a guest whose clock is exact lies outside of the guest', async () => {
  for (const seed of [1, 2, 3]) {
    const { host, guest } = recordMachine({ vcpus: 2, length: 50_000_000, samples: exact }, seed);
    const { builder, columns } = await fillTracks(await openFiles({ host, guest }));
    const { tracks } = builder.plan.layout;
    let judged = 0;
    for (const [place, lane] of tracks.entries()) {
      if (lane.kind !== 'events' || lane.machine !== 1) continue;
      const vcpu = columns[tracks.findIndex((one) => one.kind === 'vcpu' && one.cpu === lane.cpu)] as StateColumns;
      for (const time of (columns[place] as { times: Float64Array }).times) {
        const moment = explain(vcpu, time, builder.until);
        // An event may have the very stamp of the exit.
        if (moment?.state === inGuest || moment?.start === time) judged++;
        else expect(moment?.state).toBe(unknown);
      }
    }
    expect(judged).toBeGreaterThan(500);
    const [story] = guestStories(builder);
    expect(story!.exits.map(({ reason }) => reason).sort()).toEqual(['EXIT_HLT', 'EXIT_MSR']);
  }
});

function exact(offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) {
  const sample = { time: guestAt(0), offset: offsetAt(0), scaling: 1n, fraction: 0 };
  return { peerTraceId: 0x1111n, flags: 1, cpus: [[sample], [sample]] };
}
