import { memorySource } from '../../src/base/byte-source.ts';
import { type Codecs, portableCodecs } from '../../src/trace-file/codecs.ts';
import { openCpuStream } from '../../src/trace-file/cpu-stream.ts';
import { openTrace } from '../../src/trace-file/open.ts';
import { type CpuStream, type CpuStreamOptions, STREAM_END, STREAM_LOAD } from '../../src/trace-file/stream-types.ts';
import type { TraceBuffer, TraceFile } from '../../src/trace-file/types.ts';

/** One event as a stream delivered it, copied. */
export interface StreamedEvent {
  readonly time: bigint;
  readonly missed: number;
  readonly data: Uint8Array;
}

const SMALL_WINDOWS: CpuStreamOptions = { windowBytes: 1 << 16, lookahead: false };

/** What is left in a stream. */
export async function remainingEvents(stream: CpuStream): Promise<StreamedEvent[]> {
  const events: StreamedEvent[] = [];
  for (;;) {
    const state = stream.advance();
    if (state === STREAM_END) return events;
    if (state === STREAM_LOAD) await stream.load();
    else {
      const { tsHi, tsLo, missed, bytes, start, end } = stream.record;
      events.push({ time: (BigInt(tsHi) << 32n) | BigInt(tsLo), missed, data: bytes.slice(start, end) });
    }
  }
}

export const eventsOf = (
  file: TraceFile,
  buffer: TraceBuffer,
  cpu: number,
  options: CpuStreamOptions = SMALL_WINDOWS,
): Promise<StreamedEvent[]> => remainingEvents(openCpuStream(file, buffer, cpu, options));

export const openBytes = (bytes: Uint8Array, codecs: Codecs = portableCodecs): Promise<TraceFile> =>
  openTrace(memorySource('test.dat', bytes), codecs);
