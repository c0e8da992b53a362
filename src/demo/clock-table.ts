import { countsNanoseconds } from '../time/clock.ts';
import type { SyncSample } from '../time/types.ts';
import type { TraceFile } from '../trace-file/types.ts';

/** How a guest's clock was found to run, as a table for people. */
export function clockTable(host: TraceFile, guest: TraceFile): string {
  const rows = (guest.timeShift?.cpus ?? []).map((samples, cpu) => [
    `CPU ${cpu}`,
    String(samples.length),
    offsetText(host, samples.at(-1)?.offset ?? 0n),
    `${drift(samples).toFixed(3)} ppm`,
    boundText(host, samples),
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

/** The largest of the samples' bounds. */
function boundText(host: TraceFile, samples: readonly SyncSample[]): string {
  const bounds = samples.map(({ bound }) => bound).filter((bound) => bound !== undefined);
  if (bounds.length === 0) return 'not stated';
  const most = bounds.reduce((most, bound) => (bound > most ? bound : most));
  const nanoseconds = inNanoseconds(host, most);
  return nanoseconds === undefined ? `${most} ticks` : `${(Number(nanoseconds) / 1000).toFixed(1)} us`;
}

/** `-1.000006305 s` */
function offsetText(host: TraceFile, offset: bigint): string {
  const nanoseconds = inNanoseconds(host, offset);
  if (nanoseconds === undefined) return `${offset} ticks`;
  const digits = (nanoseconds < 0n ? -nanoseconds : nanoseconds).toString().padStart(10, '0');
  return `${nanoseconds < 0n ? '-' : ''}${digits.slice(0, -9)}.${digits.slice(-9)} s`;
}

/** A time in units of a host's clock; undefined where nobody knows how long its ticks are. */
function inNanoseconds({ traceClock, tscToNanoseconds: tsc }: TraceFile, units: bigint): bigint | undefined {
  if (tsc !== undefined) return (units * BigInt(tsc.multiplier)) >> BigInt(tsc.shift);
  return countsNanoseconds(traceClock ?? 'local') ? units : undefined;
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((most, row) => row.map((cell, i) => Math.max(most[i] ?? 0, cell.length)), []);
  return rows.map((row) => row.map((cell, i) => cell.padStart(widths[i] as number)).join('   ')).join('\n');
}
