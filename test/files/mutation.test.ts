import { randomInt } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { memorySource } from '../../src/base/byte-source.ts';
import { nodeCodecs } from '../../src/node/codecs.ts';
import { openTrace } from '../../src/trace-file/open.ts';
import { bundledCapture, readTrace } from '../support/captures.ts';
import { runMutations } from '../support/mutation/run-mutations.ts';
import { temporaryFolder } from '../support/temp-folder.ts';

/*
 * Real recordings, damaged at random, are read and printed: what comes out is text or a TandemError of one line that
 * names the file. No other exception, no hang, no memory by the size that a damaged file claims.
 * Repeat a run with MUTATION_SEED=N; case C of it is damaged by seed N + C alone.
 */
const seed = Number(process.env.MUTATION_SEED ?? randomInt(2 ** 31));
const temporary = temporaryFolder();

/** Files, and how many mutations each gets: most where metadata is not compressed, so that damage reaches everything. */
const samples = [
  { capture: 'tcp-ptp-mono-v6', file: 'tcp-ptp-mono-v6-10.77.0.31.dat', mutations: 3500 },
  { capture: 'kvm-v7-none-both', file: 'kvm-v7-none-both-l2b.dat', mutations: 3500 },
  { capture: 'tcp-guest-only', file: 'tcp-guest-only-10.77.0.31.dat', mutations: 1500 },
  { capture: 'local-guest-instances', file: 'local-guest-instances.dat', mutations: 1000 },
  { capture: 'kvm-fake-scaling', file: 'kvm-fake-scaling-l2.dat', mutations: 1000 },
];

/** Where sizes, counts and offsets are. */
async function marksOf(bytes: Uint8Array): Promise<number[]> {
  const file = await openTrace(memorySource('sample', bytes), nodeCodecs);
  return [
    0,
    file.header.end,
    ...file.sections.flatMap(({ offset, bodyOffset }) => [offset, bodyOffset]),
    ...file.options.map(({ offset }) => offset),
    ...file.buffers.flatMap(({ offset, cpus }) => [offset, ...cpus.map((cpu) => cpu.offset)]),
  ].filter((offset) => offset >= 0 && offset < bytes.length);
}

describe(`damaged files, seed ${seed}`, () => {
  beforeAll(() => console.log(`MUTATION_SEED=${seed}`));

  test.concurrent.each(samples)('$mutations mutations of $file', { timeout: 600_000 }, async (sample) => {
    const { file, mutations } = sample;
    const bytes = readTrace(bundledCapture(sample.capture), file);
    const path = join(temporary, file);
    writeFileSync(path, bytes);
    const marks = await marksOf(bytes);
    const { failures, tally } = await runMutations({ name: file, path, marks, seed, from: 0, to: mutations });
    const lines = failures.map(({ number, what, problem }) => `case ${number} (${what}): ${problem}`);
    console.log(`${file}: ${tally.read} read, ${tally.refused} refused`);
    expect(lines.join('\n\n'), `MUTATION_SEED=${seed}, ${file}`).toBe('');
  });
});
