import { openCpuStream } from '../../../src/trace-file/cpu-stream.ts';
import { STREAM_END, STREAM_RECORD } from '../../../src/trace-file/stream-types.ts';
import type { TraceBuffer, TraceFile } from '../../../src/trace-file/types.ts';

/** What columns and pictures of an event take on both sides, and room to draw, sort and search: about 100 bytes. */
export const MOST_EVENTS = 25_000_000;
const SAMPLE_BYTES = 1 << 18;
/** What zstd makes of events. */
const COMPRESSION = 6;

/** About how many events some files have, by how many there are in the first bytes of their largest CPUs. */
export async function estimatedEvents(traces: readonly TraceFile[]): Promise<number> {
  let events = 0;
  for (const trace of traces) for (const buffer of trace.buffers) events += await eventsOf(trace, buffer);
  return Math.round(events);
}

async function eventsOf(trace: TraceFile, buffer: TraceBuffer): Promise<number> {
  if (buffer.latencyText || buffer.cpus.length === 0) return 0;
  const stored = buffer.cpus.reduce((sum, { size }) => sum + size, 0);
  const largest = buffer.cpus.reduce((most, one) => (one.size > most.size ? one : most));
  const stream = openCpuStream(trace, buffer, largest.cpu, { windowBytes: SAMPLE_BYTES, lookahead: false });
  let events = 0;
  let bytes = 0;
  while (bytes < SAMPLE_BYTES) {
    const state = stream.advance();
    if (state === STREAM_RECORD) {
      events++;
      bytes = stream.subBufferPosition + buffer.layout.size;
    } else if (state === STREAM_END) return events * (stored / Math.max(1, largest.size));
    else await stream.load();
  }
  const ratio = buffer.compressed ? COMPRESSION : 1;
  return (events / bytes) * stored * ratio;
}
