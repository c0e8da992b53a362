import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Machine, type Recorded, recordMachine } from '../../../test/support/vm-simulator.ts';
import { memorySource } from '../../base/byte-source.ts';
import { Correction } from '../../time/correction.ts';
import { errorBound } from '../../time/error-bound.ts';
import type { Ticks, TimeShift } from '../../time/types.ts';
import { portableCodecs } from '../../trace-file/codecs.ts';
import { openTrace } from '../../trace-file/open.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { proveClocks } from '../prove.ts';
import { mendClock } from './mend.ts';

const SECOND = 1e9;
const base: Machine = { vcpus: 2, length: 2 * SECOND };

/** Samples as a recorder makes them whose messages take long: off by up to `by`, differently each time. */
function noisy(count: number, by: number, length = 2 * SECOND): NonNullable<Machine['samples']> {
  const sampleAt = (cpu: number, i: number, offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) => {
    const time = (i * length) / (count - 1);
    const error = BigInt(Math.round(by * Math.sin(3 * cpu + 11 * i + 7)));
    return { time: guestAt(time), offset: offsetAt(time) + error, scaling: 1n, fraction: 0 };
  };
  return (offsetAt, guestAt) => ({
    ...{ peerTraceId: 0x1111n, flags: 1 },
    cpus: [0, 1].map((cpu) => Array.from({ length: count }, (_, i) => sampleAt(cpu, i, offsetAt, guestAt))),
  });
}

const SCENARIOS: readonly (Machine & { readonly name: string; readonly within: number })[] = [
  { ...base, name: 'one TSC', clock: 'x86-tsc', rate: 2.4, samples: noisy(3, 100_000), within: 500 },
  { ...base, name: 'no drift', samples: noisy(3, 100_000), within: 500 },
  { ...base, name: 'drift', drift: 25, samples: noisy(3, 100_000), within: 500 },
  { ...base, name: 'fast drift', drift: -80, samples: noisy(5, 300_000), within: 500 },
  {
    ...base,
    name: 'wander',
    drift: 10,
    wave: { by: 3000, period: 2 * SECOND },
    samples: noisy(4, 50_000),
    within: 1000,
  },
  {
    ...base,
    name: 'a step',
    drift: 5,
    steps: [{ at: 1.1 * SECOND, by: 3e6 }],
    samples: noisy(5, 50_000),
    within: 1000,
  },
  { ...base, name: 'a busy guest', idleShare: 0, run: 200_000, quick: 1500, samples: noisy(3, 20_000), within: 1000 },
  { ...base, name: 'samples that are far off', samples: noisy(2, 9e6), within: 500 },
  {
    ...{ vcpus: 2, length: 60 * SECOND, idleShare: 1, idle: 3e6, drift: 8, name: 'a minute' },
    samples: noisy(3, 100_000, 60 * SECOND),
    within: 500,
  },
  { ...base, name: 'a clock per CPU, in name', clock: 'local', samples: noisy(3, 100_000), within: 500 },
  { ...base, name: 'no samples', apart: true, within: 500 },
  { ...base, name: 'no samples, drift', apart: true, drift: 30, within: 500 },
  {
    ...base,
    name: 'no samples, part of the time',
    apart: true,
    recorded: { from: 0.7 * SECOND, to: 1.6 * SECOND },
    within: 500,
  },
  {
    ...{
      vcpus: 2,
      length: 600 * SECOND,
      idleShare: 1,
      idle: 1e8,
      drift: -7,
      name: 'no samples, ten minutes of idling',
    },
    apart: true,
    within: 500,
  },
  { ...base, name: 'no samples, busy', apart: true, idleShare: 0.02, run: 200_000, quick: 1500, within: 1000 },
  { ...base, name: 'no samples, four vCPUs, one TSC', vcpus: 4, apart: true, clock: 'x86-tsc', rate: 3, within: 500 },
];

async function opened({ host, guest }: Pick<Recorded, 'host' | 'guest'>): Promise<[TraceFile, TraceFile]> {
  const open = (name: string, bytes: Uint8Array) => openTrace(memorySource(name, bytes), portableCodecs);
  return [await open('host.dat', host), await open('guest.dat', guest)];
}

/** Errors of all events with a relation, ns of true time, and how many are beyond their bounds. */
function errorsOf({ guestEvents, hostAt }: Recorded, { cpus, flags }: TimeShift, rate: number) {
  const corrections = cpus.map(
    (_, cpu) => new Correction(cpu, { mode: 'stock', timeShift: { peerTraceId: 0n, flags, cpus }, offset: 0n }),
  );
  let worst = 0;
  let beyond = 0;
  for (const { cpu, stamp } of guestEvents) {
    const error = Math.abs(Number((corrections[cpu] as Correction).correct(stamp as Ticks) - hostAt(stamp)));
    worst = Math.max(worst, error / rate);
    if (error > Number(errorBound(cpus[cpu] ?? [], flags, stamp) ?? -1n)) beyond++;
  }
  return { worst, beyond, count: guestEvents.length };
}

/** Files as readers find them after their options were amended. */
function withShift(guest: TraceFile, host: TraceFile, timeShift: TimeShift, vcpus: readonly (number | undefined)[]) {
  const guests = [
    { name: 'vm', traceId: guest.traceId as bigint, vcpus: vcpus.map((pid, cpu) => ({ cpu, pid: pid ?? -1 })) },
  ];
  return [
    { ...host, guests },
    { ...guest, timeShift },
  ] as const;
}

describe('refined clocks of simulated machines', () => {
  test.each(SCENARIOS)('$name', async (scenario) => {
    const recorded = recordMachine(scenario, 3);
    const [host, guest] = await opened(recorded);
    const mended = await mendClock(host, guest);
    if (mended.kind !== 'mended') throw new Error(JSON.stringify(mended));
    const { worst, beyond, count } = errorsOf(recorded, mended.timeShift, scenario.rate ?? 1);
    expect(worst).toBeLessThan(scenario.within);
    expect(beyond / count).toBeLessThan(0.001);
    expect(mended.steps).toBe(scenario.steps?.length ?? 0);
    const [proof] = await proveClocks(withShift(guest, host, mended.timeShift, mended.pids));
    expect(proof?.verdict).toBe('proved');
    expect(proof?.causality?.rules.map(({ violated }) => violated)).toEqual([0, 0, 0, 0]);
  });

  test('never put an event where its vCPU did not run, whatever the clocks', async () => {
    const machine = fc.record({
      vcpus: fc.integer({ min: 1, max: 3 }),
      drift: fc.double({ min: -90, max: 90, noNaN: true }),
      idleShare: fc.double({ min: 0.02, max: 0.6, noNaN: true }),
      run: fc.integer({ min: 20_000, max: 300_000 }),
      latency: fc.integer({ min: 100, max: 5000 }),
      apart: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(machine, fc.integer({ min: 0, max: 1 << 30 }), async (one, seed) => {
        const samples = one.apart ? {} : { samples: noisy(3, 100_000) };
        const recorded = recordMachine({ ...one, ...samples, length: 0.4 * SECOND }, seed);
        const [host, guest] = await opened(recorded);
        const mended = await mendClock(host, guest);
        if (mended.kind !== 'mended') return;
        const [proof] = await proveClocks(withShift(guest, host, mended.timeShift, mended.pids));
        expect(proof?.causality?.rules[0]?.violated).toBe(0);
      }),
      { numRuns: 20, seed: 1 },
    );
  });

  test('do not depend on the order of the files', async () => {
    const length = 0.2 * SECOND;
    const files: TraceFile[] = [];
    for (const seed of [1, 2]) {
      const recorded = recordMachine({ ...base, length, samples: noisy(3, 100_000, length) }, seed);
      const [host, guest] = await opened(recorded);
      const named = (name: string): TraceFile['source'] => ({ ...guest.source, name: `${name}-${seed}` });
      const [traceId, ...ids] = [1n, 2n, 3n].map((id) => 16n * BigInt(seed) + id) as [bigint, bigint, bigint];
      // Two guests of one host, on the same threads.
      const guests = ids.map((id) => ({ ...host.guests[0]!, traceId: id }));
      files.push({ ...host, traceId, guests, source: named('host') });
      for (const id of ids) {
        const timeShift = { ...(guest.timeShift as TimeShift), peerTraceId: traceId };
        files.push({ ...guest, traceId: id, timeShift, source: named(`guest-${id}`) });
      }
    }
    const proofs = async (list: readonly TraceFile[]) =>
      new Map((await proveClocks(list)).map((proof) => [proof.name, proof]));
    const expected = await proofs(files);
    expect(expected.size).toBe(4);
    const order = fc.shuffledSubarray([...files.keys()], { minLength: files.length });
    await fc.assert(
      fc.asyncProperty(order, async (places) => {
        expect(await proofs(places.map((place) => files[place]!))).toEqual(expected);
      }),
      { numRuns: 10 },
    );
  });

  test('are not invented for a guest of another time', async () => {
    const [host] = await opened(recordMachine({ ...base, length: 0.4 * SECOND, apart: true }, 1));
    const [, guest] = await opened(recordMachine({ ...base, length: 0.4 * SECOND, apart: true }, 2));
    expect((await mendClock(host, guest)).kind).toBe('failed');
  });
});
