import { Correction } from '../time/correction.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import type { TraceBuffer, TraceFile } from '../trace-file/types.ts';
import { bufferTimes, mergeOrder, type TimeSettings } from './buffer-times.ts';
import type { TimelineInput } from './lane.ts';
import { Timeline } from './timeline.ts';

/** One CPU of one buffer of a file. */
export interface CpuInput extends TimelineInput {
  readonly file: TraceFile;
  readonly buffer: TraceBuffer;
}

const MOST_WINDOW_BYTES = 1 << 20;
const LEAST_WINDOW_BYTES = 1 << 16;
const ALL_WINDOWS_BYTES = 1 << 24;
const EXACT: TimeSettings = { mode: 'exact', rawTimes: false, ignoreDate: false, offset: 0n };

/**
 * How much of each of so many streams to have in memory. Reading and decompressing go on beside the walk, one window
 * ahead: what it takes to hand one over and back must not count. With many streams all together stay within bounds.
 */
export const windowBytesOf = (streams: number): number =>
  Math.max(LEAST_WINDOW_BYTES, Math.min(MOST_WINDOW_BYTES, Math.floor(ALL_WINDOWS_BYTES / Math.max(1, streams))));

/** All events of some files on one clock, hosts' and guests' alike, in whatever order the files are named. */
export function openTimeline(files: readonly TraceFile[], settings: TimeSettings = EXACT): Timeline<CpuInput> {
  const order = mergeOrder(files);
  const windowBytes = windowBytesOf(order.length);
  const inputs = order.map(({ file: fileIndex, buffer: bufferIndex, cpu }) => {
    const file = files[fileIndex] as TraceFile;
    const buffer = file.buffers[bufferIndex] as TraceBuffer;
    const stream = openCpuStream(file, buffer, cpu, { windowBytes, lookahead: true });
    return { file, buffer, stream, correction: new Correction(cpu, bufferTimes(file, buffer, settings)) };
  });
  return new Timeline(inputs);
}
