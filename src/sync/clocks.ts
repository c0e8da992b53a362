import { countsNanoseconds, countsTscTicks } from '../time/clock.ts';

/** What a trace clock is called in the kernel: `tsc2nsec` is x86-tsc, and a conversion when the trace is read. */
export function kernelClock(clock: string): string {
  return clock === 'tsc2nsec' ? 'x86-tsc' : clock;
}

/** One clock for all CPUs, so that measurements of one CPU tell about the others; `local` is a clock per CPU. */
const MACHINE_WIDE = new Set(['global', 'mono', 'mono_raw', 'boot', 'tai', 'x86-tsc', 'tsc2nsec']);

/** Whether all CPUs of a machine read the same clock under that name. */
export function isOneClock(clock: string | undefined): boolean {
  return clock !== undefined && MACHINE_WIDE.has(clock);
}

/** What decides about the clock of a recording with guests for which none was asked. */
export interface ClockChoice {
  /** The host's clock as it is. */
  readonly current: string;
  /** Of each guest: whether the host can read its vCPUs' TSC offsets. */
  readonly guestsReadable: readonly boolean[];
  /** Whether the kernel says how fast the TSC counts. */
  readonly tscRateKnown: boolean;
  /** Clocks that the host's kernel has. */
  readonly available: readonly string[];
}

/**
 * x86-tsc where the hypervisor's numbers relate all guests' clocks to the host's, exactly. Else the current one: TSCs
 * of different machines have nothing to do with each other.
 */
export function defaultClock({ current, guestsReadable, tscRateKnown, available }: ClockChoice): string {
  const exact = guestsReadable.length > 0 && guestsReadable.every(Boolean) && tscRateKnown;
  return exact && available.includes('x86-tsc') ? 'x86-tsc' : current;
}

/** Whether a guest's clock may be measured by the hypervisor's numbers: they are about its TSC. */
export function isTscClock(clock: string | undefined): boolean {
  return clock !== undefined && countsTscTicks(clock);
}

/** Whether stamps of two clocks count the same unit, as they are recorded: both ns, or both ticks of a TSC. */
export function countSameUnit(a: string, b: string): boolean {
  if (countsTscTicks(a) || countsTscTicks(b)) return countsTscTicks(a) && countsTscTicks(b);
  return countsNanoseconds(a) && countsNanoseconds(b);
}
