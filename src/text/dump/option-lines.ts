import type { SourceReader } from '../../trace-file/source-reader.ts';
import { capitalHex, type PartWriter } from './part-writer.ts';

/** The lines of options that hold numbers. `data` reads the option; its TandemError says that it is too short. */

const SHOWN = ['options'] as const;

export async function dumpCpuCount(data: SourceReader, writer: PartWriter): Promise<void> {
  const count = await data.u32();
  writer.write(SHOWN, `${count | 0}\n`);
}

export async function dumpTraceId(data: SourceReader, writer: PartWriter): Promise<void> {
  const traceId = await data.exactU64();
  writer.write(SHOWN, `${capitalHex(traceId)}\n`);
}

/** Multiplier and shift that turn ticks into ns. */
export async function dumpTscToNanoseconds(data: SourceReader, writer: PartWriter): Promise<void> {
  const multiplier = await data.u32();
  const shift = await data.u32();
  const offset = await data.exactU64();
  writer.write(SHOWN, `${multiplier | 0} ${shift | 0} ${offset} [multiplier, shift, offset]\n`);
}

/**
 * A guest that was recorded together with this host: name, trace id, and the thread that ran each vCPU.
 * What the option is too short for is left out, as trace-cmd does.
 */
export async function dumpGuest(data: SourceReader, writer: PartWriter): Promise<void> {
  const name = await data.stringBytes();
  writer.write(SHOWN, name, ' [Guest name]\n');
  if (data.remaining < 8) return;
  const traceId = await data.exactU64();
  writer.write(SHOWN, `${capitalHex(traceId)} [trace id]\n`);
  if (data.remaining < 4) return;
  const cpus = await data.u32();
  writer.write(SHOWN, `${cpus | 0} [Guest CPUs]\n`);
  for (let i = 0; i < cpus && data.remaining >= 8; i++) {
    const cpu = await data.u32();
    const pid = await data.u32();
    writer.write(SHOWN, `  ${cpu | 0} ${pid | 0} [guest cpu, host pid]\n`);
  }
}
