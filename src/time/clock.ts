import type { TscToNanoseconds } from './types.ts';

/** What decides how a file's times are printed. */
export interface PrintedClock {
  /** Active clock by option TRACECLOCK or the v6 clock text; undefined where neither is there. */
  readonly traceClock: string | undefined;
  readonly tscToNanoseconds: TscToNanoseconds | undefined;
  /** Stamps are shown as they are: nothing is converted (`--raw-ts`). */
  readonly rawTimes: boolean;
}

const PRINTED_AS_SECONDS = new Set(['local', 'global', 'uptime', 'perf', 'tai', 'tsc2nsec']);

/**
 * Whether trace-cmd prints a file's times as seconds; else as plain integers. This is its rule and not the truth:
 * `boot` counts ns and is missing in it, `uptime` counts hundredths of a second, a file that names no clock prints
 * seconds even with raw times, and `--ts2secs` has no say in it.
 */
export function printsSeconds(clock: PrintedClock): boolean {
  const { traceClock, tscToNanoseconds, rawTimes } = clock;
  if (rawTimes) return traceClock === undefined;
  if (traceClock === undefined || (tscToNanoseconds && tscToNanoseconds.multiplier !== 0)) return true;
  return PRINTED_AS_SECONDS.has(traceClock) || traceClock.startsWith('mono');
}

const NANOSECOND_CLOCKS = new Set(['local', 'global', 'perf', 'mono', 'mono_raw', 'boot', 'tai', 'tsc2nsec']);

/** Whether the kernel's clock of that name counts nanoseconds (x86-tsc, counter and uptime do not). */
export function countsNanoseconds(clockName: string): boolean {
  return NANOSECOND_CLOCKS.has(clockName);
}

/** Whether the clock's stamps are TSC ticks, which TSC2NSEC converts. `tsc2nsec` is x86-tsc plus that conversion. */
export function countsTscTicks(clockName: string): boolean {
  return clockName === 'x86-tsc' || clockName === 'tsc2nsec';
}
