import type { Track } from '../../sync/runs/track.ts';
import type { GuestTimes, HostRuns } from '../collect.ts';

/** The tracks of the guest CPUs whose host threads are known; `pidOf` by CPU. */
export function tracksOf(host: HostRuns, guest: GuestTimes, pidOf: (cpu: number) => number | undefined): Track[] {
  return guest.cpus.flatMap((times, cpu) => {
    const thread = host.threads.get(pidOf(cpu) ?? -1);
    return thread && times.length > 0 ? [{ cpu, times, runs: thread.runs }] : [];
  });
}
