import { countsNanoseconds } from '../time/clock.ts';
import type { SyncSample } from '../time/types.ts';
import type { TraceFile } from '../trace-file/types.ts';

/** How a guest's clock was found to run, as a table for people. */
export function clockTable(host: TraceFile, guest: TraceFile): string {
  const show = (units: bigint): string => inSeconds(host, units);
  const rows = (guest.timeShift?.cpus ?? []).map((samples, cpu) => [
    `CPU ${cpu}`,
    String(samples.length),
    show(samples.at(-1)?.offset ?? 0n),
    `${drift(samples).toFixed(3)} ppm`,
    largestBound(samples, show),
  ]);
  const clocks = `${guest.traceClock} to ${host.traceClock}`;
  return table([[clocks, 'samples', 'offset', 'drift', 'error at most'], ...rows]);
}

/** How fast the host's clock runs ahead of the guest's. */
function drift(samples: readonly SyncSample[]): number {
  const [first, last] = [samples[0], samples.at(-1)];
  if (!first || !last || first === last) return 0;
  return (1e6 * Number(last.offset - first.offset)) / Number(last.time - first.time);
}

function largestBound(samples: readonly SyncSample[], show: (units: bigint) => string): string {
  const bounds = samples.map(({ bound }) => bound).filter((bound) => bound !== undefined);
  return bounds.length === 0 ? 'not stated' : show(bounds.reduce((most, bound) => (bound > most ? bound : most)));
}

/** A time in units of a host's clock: `-1.000006305 s`, or ticks where nobody knows how long they are. */
function inSeconds({ traceClock, tscToNanoseconds: tsc }: TraceFile, units: bigint): string {
  if (tsc === undefined && !countsNanoseconds(traceClock ?? 'local')) return `${units} ticks`;
  const nanoseconds = tsc === undefined ? units : (units * BigInt(tsc.multiplier)) >> BigInt(tsc.shift);
  const digits = (nanoseconds < 0n ? -nanoseconds : nanoseconds).toString().padStart(10, '0');
  return `${nanoseconds < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)} s`;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] as number)).join('   ')).join('\n');
}
