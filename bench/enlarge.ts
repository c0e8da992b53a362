import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { openCpuStream, openTrace, portableCodecs } from '../src/index.ts';
import { openFile } from '../src/node/index.ts';
import type { TraceFile } from '../src/trace-file/types.ts';

/** What stands before a version 6 file's table of CPU data, the word "flyrecord", and the bytes of a row of it. */
const WORD_SIZE = 10;
const ROW_SIZE = 16;

/**
 * Writes a recording of version 6 (little endian, one buffer) so many times in a row into one file: each CPU's
 * sub-buffers again and again, each time later by the length of the recording.
 */
export async function enlarge(from: string, to: string, times: number): Promise<void> {
  const source = await openFile(from);
  const trace = await openTrace(source, portableCodecs);
  const [buffer] = trace.buffers;
  if (buffer === undefined || trace.header.version !== 6) throw new Error(`${from} is no recording of version 6`);
  const length = await lengthOf(trace);
  const input = openSync(from, 'r');
  const output = openSync(to, 'w');
  const metadata = Buffer.alloc(Math.min(...buffer.cpus.map(({ offset }) => offset)));
  readSync(input, metadata, 0, metadata.length, 0);
  let offset = metadata.length;
  for (const [row, cpu] of buffer.cpus.entries()) {
    const at = buffer.offset + WORD_SIZE + row * ROW_SIZE;
    metadata.writeBigUint64LE(BigInt(offset), at);
    metadata.writeBigUint64LE(BigInt(cpu.size * times), at + 8);
    const data = Buffer.alloc(cpu.size);
    readSync(input, data, 0, cpu.size, cpu.offset);
    for (let copy = 0; copy < times; copy++) {
      writeSync(output, data, 0, cpu.size, offset);
      offset += cpu.size;
      for (let page = 0; page < cpu.size; page += buffer.layout.size)
        data.writeBigUint64LE(data.readBigUint64LE(page) + length, page);
    }
  }
  writeSync(output, metadata, 0, metadata.length, 0);
  for (const file of [input, output]) closeSync(file);
  await source.close();
}

/** From the first event of a recording to its last, and one unit of time. */
async function lengthOf(trace: TraceFile): Promise<bigint> {
  const times: bigint[] = [];
  for (const buffer of trace.buffers) {
    for (const { cpu } of buffer.cpus) {
      const stream = openCpuStream(trace, buffer, cpu, { windowBytes: buffer.layout.size, lookahead: false });
      for (const time of [await stream.firstTime(), await stream.lastTime()]) if (time !== undefined) times.push(time);
    }
  }
  times.sort((a, b) => Number(a - b));
  return (times.at(-1) ?? 0n) - (times[0] ?? 0n) + 1n;
}
