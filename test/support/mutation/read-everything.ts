import { memorySource } from '../../../src/base/byte-source.ts';
import { ByteWriter } from '../../../src/base/byte-writer.ts';
import { nodeCodecs } from '../../../src/node/codecs.ts';
import { type DumpRequest, dumpTrace } from '../../../src/text/dump/dump.ts';
import { DUMP_PARTS } from '../../../src/text/dump/parts.ts';
import { openCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { openTrace } from '../../../src/trace-file/open.ts';
import { STREAM_END, STREAM_LOAD } from '../../../src/trace-file/stream-types.ts';

/** Everything that can be read of a file is read and written as text; `turn` picks among the kinds of text. */
export async function readEverything(name: string, bytes: Uint8Array, turn: number): Promise<void> {
  const results = await Promise.allSettled([walkEvents(name, bytes), dump(name, bytes, turn)]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function walkEvents(name: string, bytes: Uint8Array): Promise<void> {
  const file = await openTrace(memorySource(name, bytes), nodeCodecs);
  for (const section of file.sections) await file.readSection(section.id);
  for (const buffer of file.buffers) {
    for (const { cpu } of buffer.cpus) {
      const stream = openCpuStream(file, buffer, cpu, { windowBytes: 1 << 16, lookahead: true });
      await stream.firstTime();
      await stream.lastTime();
      for (let state = stream.advance(); state !== STREAM_END; state = stream.advance()) {
        if (state === STREAM_LOAD) await stream.load();
        else stream.peek();
      }
    }
  }
}

async function dump(name: string, bytes: Uint8Array, turn: number): Promise<void> {
  const out = new ByteWriter();
  const request: DumpRequest = {
    parts: new Set(DUMP_PARTS),
    compat: turn % 2 === 0 ? '3.1' : '3.4',
    drain: async () => out.clear(),
    codecs: nodeCodecs,
  };
  await dumpTrace(memorySource(name, bytes), out, request);
}
