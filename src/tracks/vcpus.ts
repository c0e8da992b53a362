import type { TrackBuilder } from './track-builder.ts';
import type { InterruptColumns, StateColumns, TaskColumns } from './types.ts';
import type { GuestWork } from './work.ts';

/** A CPU of a guest, and what its thread on the host did. */
export interface Vcpu {
  /** Of the thread. */
  readonly track: number;
  readonly cpu: number;
  readonly columns: StateColumns;
  readonly work: GuestWork;
  /** What the guest did before is known: an interrupt that still goes on is in no column. */
  readonly knownUntil: number;
}

/** CPUs of a guest whose threads are known, with what their tracks hold so far. */
export function vcpusOf(builder: TrackBuilder, machine: number): Vcpu[] {
  const { tracks } = builder.plan.layout;
  return tracks.flatMap((track, place) => {
    if (track.kind !== 'vcpu' || track.machine !== machine) return [];
    const { cpu } = track;
    const trackOf = (kind: 'tasks' | 'interrupts'): number =>
      tracks.findIndex((other) => other.kind === kind && other.machine === machine && other.cpu === cpu);
    const interrupts = trackOf('interrupts');
    const work = {
      tasks: builder.columns(trackOf('tasks')) as TaskColumns | undefined,
      interrupts: builder.columns(interrupts) as InterruptColumns | undefined,
    };
    const columns = builder.columns(place) as StateColumns;
    return [{ track: place, cpu, columns, work, knownUntil: builder.finalUntil(interrupts) }];
  });
}
