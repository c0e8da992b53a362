import { expect, test } from 'vitest';
import { memorySource, openTrace, type TraceFile } from '../../src/index.ts';
import { nodeCodecs } from '../../src/node/index.ts';
import { bundledCapture, readTrace } from '../../test/support/captures.ts';
import { judgeCausality } from './causality.ts';

async function open(name: string): Promise<[TraceFile, TraceFile]> {
  const capture = bundledCapture(name);
  const files = capture.files.map((file) => openTrace(memorySource(file, readTrace(capture, file)), nodeCodecs));
  return (await Promise.all(files)) as [TraceFile, TraceFile];
}

/** The file as it would be if its guest's clock had been measured wrong by so much. */
function shifted(guest: TraceFile, error: bigint): TraceFile {
  const { timeShift } = guest;
  if (timeShift === undefined) throw new Error('the guest was not measured');
  const cpus = timeShift.cpus.map((samples) => samples.map((one) => ({ ...one, offset: one.offset + error })));
  return { ...guest, timeShift: { ...timeShift, cpus } };
}

/** Counted by another program than ours, from what stock trace-cmd prints of these recordings. */
test.each([
  ['kvm-auto-1vcpu', { inside: 572, outside: 0, unjudged: 102 }],
  ['kvm-v7-none-both', { inside: 46, outside: 0, unjudged: 39 }],
])('events of %s are where their vCPUs run', async (name, counts) => {
  const [host, guest] = await open(name);
  expect(await judgeCausality({ host, guests: [guest] })).toEqual([{ ...counts, worst: 0n }]);
});

test('a clock that is wrong shows, and by how much at least', async () => {
  const [host, guest] = await open('kvm-auto-1vcpu');
  const error = 1_000_000n;
  const [late] = await judgeCausality({ host, guests: [shifted(guest, error)] });
  const [early] = await judgeCausality({ host, guests: [shifted(guest, -error)] });
  for (const one of [late, early]) {
    expect(one?.outside).toBeGreaterThan(20);
    expect(one?.worst).toBeGreaterThan(0n);
    expect(one?.worst).toBeLessThanOrEqual(error);
    expect((one?.inside ?? 0) + (one?.outside ?? 0) + (one?.unjudged ?? 0)).toBe(572 + 102);
  }
});
