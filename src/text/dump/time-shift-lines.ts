import type { SourceReader } from '../../trace-file/source-reader.ts';
import { capitalHex, type PartWriter, signed64 } from './part-writer.ts';

const SHOWN = ['options'] as const;
/** Peer's trace id, flags, CPU count. */
const HEAD_BYTES = 16;
const SAMPLE_BYTES = 24;
const FRACTION_BYTES = 8;

/** The measurements of one vCPU, each kind in an array of its own, as they are stored. */
interface SampleColumns {
  readonly times: readonly bigint[];
  readonly offsets: readonly bigint[];
  readonly scalings: readonly bigint[];
}

async function readColumn(data: SourceReader, count: number): Promise<bigint[]> {
  const column: bigint[] = [];
  for (let i = 0; i < count; i++) column.push(await data.exactU64());
  return column;
}

/** The measurements of every vCPU; undefined as soon as a count does not fit into what is left. */
async function readSamples(data: SourceReader, cpus: number, writer: PartWriter): Promise<SampleColumns[] | undefined> {
  const samples: SampleColumns[] = [];
  for (let cpu = 0; cpu < cpus; cpu++) {
    if (data.remaining < 4) return undefined;
    const count = await data.u32();
    writer.write(SHOWN, `${count} [samples count for CPU ${cpu}]\n`);
    if (data.remaining < count * SAMPLE_BYTES) return undefined;
    const times = await readColumn(data, count);
    const offsets = await readColumn(data, count);
    samples.push({ times, offsets, scalings: await readColumn(data, count) });
  }
  return samples;
}

/** The fractions of all samples: old writers stored none. Undefined when there are some, but not all. */
async function readFractions(
  data: SourceReader,
  samples: readonly SampleColumns[],
): Promise<readonly bigint[] | undefined> {
  const count = samples.reduce((sum, { times }) => sum + times.length, 0);
  if (data.remaining === 0) return new Array<bigint>(count).fill(0n);
  return data.remaining < count * FRACTION_BYTES ? undefined : readColumn(data, count);
}

/** What does not depend on counts, then the measurements, one line each. False when they do not add up. */
async function dumpSamples(data: SourceReader, writer: PartWriter): Promise<boolean> {
  if (data.remaining < HEAD_BYTES) return false;
  const peer = await data.exactU64();
  writer.write(SHOWN, `${capitalHex(peer)} [peer's trace id]\n`);
  const flags = await data.u32();
  writer.write(SHOWN, `${capitalHex(BigInt(flags))} [peer's protocol flags]\n`);
  const cpus = await data.u32();
  writer.write(SHOWN, `${capitalHex(BigInt(cpus))} [peer's CPU count]\n`);
  const samples = await readSamples(data, cpus, writer);
  const fractions = samples && (await readFractions(data, samples));
  if (!samples || !fractions) return false;
  let sample = 0;
  for (const { times, offsets, scalings } of samples) {
    for (const [i, time] of times.entries()) {
      const factors = `${signed64(offsets[i] as bigint)} ${signed64(scalings[i] as bigint)} ${fractions[sample++]}`;
      writer.write(SHOWN, `\t${factors} ${time}[offset * scaling >> fraction @ time]\n`);
    }
    await writer.drain();
  }
  return true;
}

/**
 * How to correct the stamps of a guest: per vCPU the measurements against its host's clock. Stock writers are known
 * to store counts that do not fit: that is shown, and no reason to fail.
 */
export async function dumpTimeShift(data: SourceReader, writer: PartWriter): Promise<void> {
  if (!(await dumpSamples(data, writer))) writer.write(SHOWN, 'Broken time shift option\n');
}
