import type { EventRecord } from '../format/record.ts';
import { Correction } from '../time/correction.ts';
import { bufferTimes, type TimeSettings } from '../timeline/buffer-times.ts';
import type { TimelineInput } from '../timeline/lane.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import type { TraceBuffer, TraceFile } from '../trace-file/types.ts';

/** What a buffer's events are for. */
export interface ProofLane extends TimelineInput {
  readonly file: TraceFile;
  readonly cpu: number;
}

const WINDOW_BYTES = 1 << 18;
export const RAW: TimeSettings = { mode: 'exact', rawTimes: true, ignoreDate: false, offset: 0n };
export const CORRECTED: TimeSettings = { ...RAW, rawTimes: false };

/** Buffers whose stamps are of the top buffer's clock: what is known of one clock holds for no other. */
export function buffersOfClock({ buffers }: TraceFile): TraceBuffer[] {
  const top = buffers.find(({ name }) => name === '')?.clock ?? '';
  return buffers.filter(({ clock, latencyText }) => !latencyText && (clock === top || clock === ''));
}

/** The CPUs of a file's buffers as lanes of a timeline. `wanted`: ids of the events that matter; undefined: all. */
export function lanesOf(file: TraceFile, settings: TimeSettings, wanted?: readonly number[]): ProofLane[] {
  const unwanted = wanted && unwantedBut(wanted);
  return buffersOfClock(file).flatMap((buffer) =>
    buffer.cpus.map(({ cpu }) => {
      const stream = openCpuStream(file, buffer, cpu, { windowBytes: WINDOW_BYTES, lookahead: false });
      return { file, cpu, stream, correction: new Correction(cpu, bufferTimes(file, buffer, settings)), unwanted };
    }),
  );
}

function unwantedBut(wanted: readonly number[]): Uint8Array {
  const unwanted = new Uint8Array(0x1_0000).fill(1);
  for (const id of wanted) unwanted[id] = 0;
  return unwanted;
}

/** An event's id. */
export function idOf({ view, start }: EventRecord, littleEndian: boolean): number {
  return view.getUint16(start, littleEndian);
}
