import { statSync, truncateSync } from 'node:fs';
import { nodeCodecs } from '../../node/codecs.ts';
import { openFile } from '../../node/file-source.ts';
import { countsTscTicks } from '../../time/clock.ts';
import type { TimeShift, TscToNanoseconds } from '../../time/types.ts';
import { openTrace } from '../../trace-file/open.ts';
import { timeShiftOption, tscOption } from '../../trace-file/write/content.ts';
import { writeTraceFile } from '../assemble.ts';
import { contentOf, symbolsIn } from '../file-content.ts';
import { CapturedCpu } from '../file-sink.ts';

/** What a guest's trace file is made of. */
export interface GuestFileParts {
  readonly output: string;
  /** What the agent sent: a trace file without events. */
  readonly metadata: string;
  /** The files of its CPUs, by CPU number. */
  readonly cpus: readonly string[];
  /** Bytes of a sub-buffer. */
  readonly pageSize: number;
  readonly timeShift: TimeShift | undefined;
  /** How this machine's TSC is turned into ns, if the file is to say so. */
  readonly tsc: TscToNanoseconds | undefined;
}

/** Writes it in the version and compression that the agent chose. Returns its size in bytes. */
export async function writeGuestFile(parts: GuestFileParts): Promise<number> {
  const { output, metadata, cpus, pageSize, timeShift, tsc } = parts;
  const source = await openFile(metadata);
  try {
    const file = await openTrace(source, nodeCodecs);
    const { littleEndian, version, compression } = file.header;
    const fileVersion = version === 6 ? 6 : 7;
    const content = contentOf(file, fileVersion);
    const clock = file.traceClock ?? '';
    const isTsc = tsc !== undefined && countsTscTicks(clock);
    const buffer = {
      ...{ name: '', clock: isTsc ? 'tsc2nsec' : clock, pageSize },
      cpus: cpus.map((path, cpu) => new CapturedCpu(cpu, path, wholeSubBuffers(path, pageSize))),
    };
    const options = [
      ...content.options,
      ...(isTsc ? [tscOption(tsc, littleEndian)] : []),
      ...(timeShift === undefined ? [] : [timeShiftOption(timeShift, littleEndian)]),
    ];
    return await writeTraceFile(
      output,
      { ...content, ...(await symbolsIn(file)), options, buffers: [buffer] },
      { fileVersion, compression: compressionNamed(compression.name) },
    );
  } finally {
    await source.close();
  }
}

function compressionNamed(name: string): 'none' | 'zlib' | 'zstd' {
  return name === 'zlib' || name === 'zstd' ? name : 'none';
}

/** Bytes of the file without the part of a sub-buffer that a lost connection left at its end. */
function wholeSubBuffers(path: string, pageSize: number): number {
  const { size } = statSync(path);
  const whole = size - (size % pageSize);
  if (whole < size) truncateSync(path, whole);
  return whole;
}
