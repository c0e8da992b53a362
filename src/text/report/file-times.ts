import { Correction } from '../../time/correction.ts';
import type { Ticks } from '../../time/types.ts';
import { bufferTimes, type TimeSettings } from '../../timeline/buffer-times.ts';
import { openCpuStream } from '../../trace-file/cpu-stream.ts';
import { OPTION } from '../../trace-file/ids.ts';
import type { ReportInput, ReportSettings } from './settings.ts';
import { type TimeStyle, timeStyleOf } from './time-column.ts';

type ClockSettings = Pick<ReportSettings, 'compat' | 'rawTimes' | 'ignoreDate' | 'nanoseconds'>;

/** How a file's stamps are corrected; `shift` is added to all. */
export function fileTimeSettings(input: ReportInput, settings: ClockSettings, shift = 0n): TimeSettings {
  return {
    mode: settings.compat ? 'stock' : 'exact',
    rawTimes: settings.rawTimes,
    ignoreDate: settings.ignoreDate,
    ticksPerSecond: input.ticksPerSecond,
    offset: input.tsOffset + shift,
  };
}

/** How a file's times are shown. */
export function fileTimeStyle({ file }: ReportInput, { rawTimes, nanoseconds }: ClockSettings): TimeStyle {
  const { traceClock, tscToNanoseconds } = file.trace;
  return timeStyleOf({ traceClock, tscToNanoseconds, rawTimes }, nanoseconds);
}

/** Whether `--ts-diff` counts microseconds: of any clock, if the file names it, as in trace-cmd. */
export function countsMicroseconds({ file, ticksPerSecond }: ReportInput, { nanoseconds }: ClockSettings): boolean {
  const namesClock = file.trace.options.some(({ id }) => id === OPTION.TRACECLOCK);
  return namesClock && !ticksPerSecond && !nanoseconds;
}

/** Corrected times of the first and the last event of each CPU of a file's top buffer that has events. */
export async function eventTimes(
  input: ReportInput,
  settings: ClockSettings,
): Promise<{ readonly cpu: number; readonly first: bigint; readonly last: () => Promise<bigint> }[]> {
  const { trace } = input.file;
  const times = [];
  for (const buffer of trace.buffers.filter(({ name, latencyText }) => name === '' && !latencyText)) {
    const rules = bufferTimes(trace, buffer, fileTimeSettings(input, settings));
    for (const cpu of buffer.cpus.map((data) => data.cpu).sort((a, b) => a - b)) {
      const stream = openCpuStream(trace, buffer, cpu, { windowBytes: buffer.layout.size, lookahead: false });
      const correction = new Correction(cpu, rules);
      const first = await stream.firstTime();
      if (first === undefined) continue;
      const last = async () => correction.correct(((await stream.lastTime()) ?? first) as Ticks);
      times.push({ cpu, first: correction.correct(first as Ticks), last });
    }
  }
  return times;
}
