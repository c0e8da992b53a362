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

const WINDOW_BYTES = 1 << 18;
const EXACT: TimeSettings = { mode: 'exact', rawTimes: false, ignoreDate: false, offset: 0n };

/** All events of some files on one clock, hosts' and guests' alike, in whatever order the files are named. */
export function openTimeline(files: readonly TraceFile[], settings: TimeSettings = EXACT): Timeline<CpuInput> {
  const inputs = mergeOrder(files).map(({ file: fileIndex, buffer: bufferIndex, cpu }) => {
    const file = files[fileIndex] as TraceFile;
    const buffer = file.buffers[bufferIndex] as TraceBuffer;
    const stream = openCpuStream(file, buffer, cpu, { windowBytes: WINDOW_BYTES, lookahead: true });
    return { file, buffer, stream, correction: new Correction(cpu, bufferTimes(file, buffer, settings)) };
  });
  return new Timeline(inputs);
}
