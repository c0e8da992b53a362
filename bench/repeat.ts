import { mkdirSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import { nodeCodecs, openFile } from '../src/node/index.ts';
import { writeTraceFile } from '../src/record/assemble.ts';
import { contentOf, symbolsIn } from '../src/record/file-content.ts';
import { openCpuStream } from '../src/trace-file/cpu-stream.ts';
import { openTrace } from '../src/trace-file/open.ts';
import { STREAM_END, STREAM_LOAD } from '../src/trace-file/stream-types.ts';
import type { TraceBuffer, TraceFile } from '../src/trace-file/types.ts';
import type { BufferContent, CpuContent } from '../src/trace-file/write/content.ts';

/** A file to be written again. */
interface Original {
  readonly file: TraceFile;
  readonly buffers: readonly { readonly buffer: TraceBuffer; readonly cpus: readonly DecodedCpu[] }[];
  readonly events: number;
}

/** A CPU's sub-buffers, decompressed, and the raw stamps between which they lie. */
interface DecodedCpu {
  readonly cpu: number;
  readonly bytes: Buffer;
  readonly events: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** How a recording is stored. */
export type Storage =
  | { readonly fileVersion: 6; readonly compression: 'none' }
  | { readonly fileVersion: 7; readonly compression: 'zstd' };

/**
 * Writes a host's recording and that of its guest, which count the same clock, again and again one after the other, until
 * both together have so many events. Little endian.
 */
export async function repeatPair(
  from: readonly string[],
  to: readonly string[],
  events: number,
  storage: Storage,
): Promise<void> {
  const originals: Original[] = [];
  for (const path of from) originals.push(await read(path));
  const times = Math.ceil(events / originals.reduce((sum, one) => sum + one.events, 0));
  const host = originals[0]!.buffers.flatMap(({ cpus }) => cpus);
  const first = host.reduce((least, cpu) => (cpu.first < least ? cpu.first : least), host[0]!.first);
  const last = host.reduce((most, cpu) => (cpu.last > most ? cpu.last : most), first);
  const length = last - first + 1n;
  for (const [i, path] of to.entries()) {
    mkdirSync(dirname(path), { recursive: true });
    await write(originals[i]!, `${path}.unfinished`, times, length, storage);
    renameSync(`${path}.unfinished`, path);
  }
  for (const { file } of originals) await file.source.close();
}

async function read(path: string): Promise<Original> {
  const file = await openTrace(await openFile(path), nodeCodecs);
  const buffers = [];
  for (const buffer of file.buffers) {
    const cpus = [];
    for (const { cpu } of buffer.cpus) cpus.push(await decode(file, buffer, cpu));
    buffers.push({ buffer, cpus: cpus.filter((one) => one.events > 0) });
  }
  return { file, buffers, events: buffers.flatMap(({ cpus }) => cpus).reduce((sum, cpu) => sum + cpu.events, 0) };
}

async function decode(file: TraceFile, buffer: TraceBuffer, cpu: number): Promise<DecodedCpu> {
  const stream = openCpuStream(file, buffer, cpu, { windowBytes: 1 << 20, lookahead: false });
  const pages: Buffer[] = [];
  let position = -1;
  let events = 0;
  for (;;) {
    const state = stream.advance();
    if (state === STREAM_END) break;
    if (state === STREAM_LOAD) {
      await stream.load();
      continue;
    }
    events++;
    if (stream.subBufferPosition === position) continue;
    position = stream.subBufferPosition;
    const { bytes, subBuffer } = stream.record;
    pages.push(Buffer.from(bytes.slice(subBuffer, subBuffer + buffer.layout.size)));
  }
  const [first, last] = [(await stream.firstTime()) ?? 0n, (await stream.lastTime()) ?? 0n];
  return { cpu, bytes: Buffer.concat(pages), events, first, last };
}

async function write(
  { file, buffers }: Original,
  path: string,
  times: number,
  length: bigint,
  storage: Storage,
): Promise<void> {
  const repeated = buffers.map(
    ({ buffer: { name, clock, layout }, cpus }): BufferContent => ({
      ...{ name, clock, pageSize: layout.size },
      cpus: cpus.map((cpu) => new RepeatedCpu(cpu, layout.size, times, length)),
    }),
  );
  const content = { ...contentOf(file, storage.fileVersion), ...(await symbolsIn(file)), buffers: repeated };
  await writeTraceFile(path, content, storage);
}

/** The same sub-buffers over and over, each time later. */
class RepeatedCpu implements CpuContent {
  readonly cpu: number;
  readonly size: number;
  readonly #bytes: Buffer;
  readonly #pageSize: number;
  readonly #length: bigint;

  constructor({ cpu, bytes }: DecodedCpu, pageSize: number, times: number, length: bigint) {
    this.cpu = cpu;
    this.size = bytes.length * times;
    this.#bytes = bytes;
    this.#pageSize = pageSize;
    this.#length = length;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    const result = Buffer.from(target.buffer, target.byteOffset, target.length);
    for (let at = 0; at < result.length; at += this.#pageSize) {
      const place = offset + at;
      const inside = place % this.#bytes.length;
      this.#bytes.copy(result, at, inside, inside + this.#pageSize);
      const later = BigInt(Math.floor(place / this.#bytes.length)) * this.#length;
      result.writeBigUint64LE(result.readBigUint64LE(at) + later, at);
    }
  }
}
