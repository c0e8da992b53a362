import { countsTscTicks } from '../time/clock.ts';
import type { CorrectionMode, CorrectionRules } from '../time/correction.ts';
import type { TraceBuffer, TraceFile } from '../trace-file/types.ts';

/** What the reader of a file asks for, besides what the file says itself. */
export interface TimeSettings {
  readonly mode: CorrectionMode;
  /** `--raw-ts`: stamps as recorded. */
  readonly rawTimes: boolean;
  /** `--nodate`: option DATE does not count. */
  readonly ignoreDate: boolean;
  /** `--ts2secs` */
  readonly ticksPerSecond?: number | undefined;
  /** `--ts-offset` and `--align-ts`, ns. */
  readonly offset: bigint;
}

/** What a buffer's facts are read from. */
type TimedFile = Pick<TraceFile, 'timeShift' | 'tscToNanoseconds' | 'dateOffset' | 'tsOffset' | 'buffers'>;
type TimedBuffer = Pick<TraceBuffer, 'name' | 'clock'>;

/**
 * How the stamps of one buffer of a file are corrected. trace-cmd gives instances all of the top buffer's rules but
 * TIME_SHIFT, whatever their clocks; exact rules go by the clock.
 */
export function bufferTimes(file: TimedFile, buffer: TimedBuffer, settings: TimeSettings): CorrectionRules {
  const { mode } = settings;
  if (settings.rawTimes) return { mode, offset: 0n };
  const { timeShift, tscToNanoseconds, dateOffset, tsOffset } = file;
  const isTop = buffer.name === '';
  const topClock = file.buffers.find(({ name }) => name === '')?.clock ?? '';
  const exact = mode === 'exact';
  const sameClock = isTop || (exact && (buffer.clock === topClock || buffer.clock === ''));
  const inTicks = isTop || !exact || buffer.clock === '' || countsTscTicks(buffer.clock);
  return {
    mode,
    timeShift: sameClock ? timeShift : undefined,
    tscToNanoseconds: inTicks ? tscToNanoseconds : undefined,
    ticksPerSecond: settings.ticksPerSecond,
    offset: settings.offset + tsOffset + (settings.ignoreDate ? 0n : dateOffset),
  };
}

/** One CPU of one buffer of one of several files. */
export interface BufferCpu {
  readonly file: number;
  readonly buffer: number;
  readonly cpu: number;
}

/**
 * All streams of some files, in the order in which trace-cmd shows events of the same time: the top buffers of all
 * files, then the instances of all files; in each the lowest CPU first.
 */
export function mergeOrder(files: readonly Pick<TraceFile, 'buffers'>[]): BufferCpu[] {
  const all = files.flatMap(({ buffers }, file) =>
    buffers.flatMap(({ name, latencyText, cpus }, buffer) =>
      latencyText ? [] : cpus.map(({ cpu }) => ({ file, buffer, cpu, isInstance: name === '' ? 0 : 1 })),
    ),
  );
  all.sort((a, b) => a.isInstance - b.isInstance || a.file - b.file || a.buffer - b.buffer || a.cpu - b.cpu);
  return all.map(({ file, buffer, cpu }) => ({ file, buffer, cpu }));
}
