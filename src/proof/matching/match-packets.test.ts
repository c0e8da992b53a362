import { expect, test } from 'vitest';
import { FIRST_THREAD, recordMachine } from '../../../test/support/vm-simulator.ts';
import { memorySource } from '../../base/byte-source.ts';
import { portableCodecs } from '../../trace-file/codecs.ts';
import { openTrace } from '../../trace-file/open.ts';
import { collectRuns, collectTimes } from '../collect.ts';
import { proveClocks } from '../prove.ts';
import { mendClock } from '../refine/mend.ts';
import { matchPackets, offsetByPackets } from './match-packets.ts';
import { receivedByHost, sentByGuest } from './packets.ts';

const machine = { vcpus: 2, length: 1e9, drift: 12, packets: 0.3 };

async function opened(seed: number, more: object = {}) {
  const recorded = recordMachine({ ...machine, ...more }, seed);
  const open = (name: string, bytes: Uint8Array) => openTrace(memorySource(name, bytes), portableCodecs);
  return { recorded, host: await open('host.dat', recorded.host), guest: await open('guest.dat', recorded.guest) };
}

test.each([1, 2, 3])('packets alone tell the offset, within its bound: seed %i', async (seed) => {
  const { recorded, host, guest } = await opened(seed);
  const [runs, times] = [await collectRuns(host), await collectTimes(guest)];
  const packets = matchPackets(
    await sentByGuest(guest, times),
    await receivedByHost(host, runs),
    (cpu) => runs.threads.get(FIRST_THREAD + cpu)?.runs,
  );
  expect(packets.length).toBeGreaterThan(1000);
  const found = offsetByPackets(packets);
  if (!found) throw new Error('no offset was found');
  const stamp = times.base + BigInt(found.line.time);
  const truth = Number(recorded.hostAt(stamp) - stamp - (runs.base - times.base));
  expect(found.packets / packets.length).toBeGreaterThan(0.5);
  expect(Math.abs(found.line.offset - truth)).toBeLessThanOrEqual(found.bound + 1);
  // The shortest runs leave that much room.
  expect(found.bound).toBeLessThan(3000);
});

test('a guest without samples is refined by its packets, and keeps their order', async () => {
  const { host, guest } = await opened(4);
  const mended = await mendClock(host, guest);
  if (mended.kind !== 'mended') throw new Error(JSON.stringify(mended));
  const [proof] = await proveClocks([host, { ...guest, timeShift: mended.timeShift }]);
  expect(proof?.causality?.rules.map(({ violated }) => violated)).toEqual([0, 0, 0, 0]);
  expect(proof?.causality?.rules.every(({ kept }) => kept > 100)).toBe(true);
});

test('a clock that is wrong breaks the order of packets, halts and interrupts', async () => {
  const off = 40_000n;
  const { host, guest } = await opened(5, {
    samples: (offsetAt: (time: number) => bigint, guestAt: (time: number) => bigint) => ({
      ...{ peerTraceId: 0x1111n, flags: 1 },
      cpus: [0, 1].map(() =>
        [0, 1e9].map((at) => ({ time: guestAt(at), offset: offsetAt(at) + off, scaling: 1n, fraction: 0 })),
      ),
    }),
  });
  const [proof] = await proveClocks([host, guest]);
  expect(proof?.verdict).toBe('violated');
  const violated = new Map(proof?.causality?.rules.map(({ rule, violated, worst }) => [rule, { violated, worst }]));
  for (const rule of ['run', 'halt', 'packet'] as const) expect(violated.get(rule)?.violated).toBeGreaterThan(10);
  // Nothing is farther off than the clock.
  expect(violated.get('interrupt')?.worst).toBeLessThanOrEqual(Number(off));
  expect(violated.get('packet')?.worst).toBeLessThanOrEqual(Number(off));
  expect(violated.get('halt')?.worst).toBeLessThanOrEqual(Number(off));
});
