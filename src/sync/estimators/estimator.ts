import type { SyncSample } from '../../time/types.ts';
import type { Measurement } from '../types.ts';

/** What an estimator has to know of the guest. */
export interface GuestShape {
  readonly cpuCount: number;
  /** All its CPUs read the same clock: what one tells goes for the others. */
  readonly oneClock: boolean;
  /** Its clocks and the host's count ticks of the same crystal: they don't drift. */
  readonly sameCrystal: boolean;
}

/**
 * Turns the measurements of a whole session, in the order in which they were made, into samples per guest CPU, times
 * ascending. The offset between two samples lies on the line between them; the greater of their bounds holds for all
 * of it. A CPU that was never measured has no samples, unless all have one clock.
 */
export type Estimator = (measurements: readonly Measurement[], guest: GuestShape) => SyncSample[][];

/** An estimator that takes each measurement for itself. */
export function perMeasurement(sampleOf: (measurement: Measurement) => SyncSample | undefined): Estimator {
  return (measurements, { cpuCount }) => {
    const cpus: SyncSample[][] = Array.from({ length: cpuCount }, () => []);
    for (const measurement of measurements) {
      const sample = sampleOf(measurement);
      if (sample) cpus[measurement.cpu]?.push(sample);
    }
    return cpus;
  };
}
