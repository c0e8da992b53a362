import type { Track, TrackLayout } from '../../../src/tracks/types.ts';

/** Names a track in an address: by what it is, so that it is found again when other files are open as well. */
export function trackKey(layout: TrackLayout, track: Track): string {
  const machine = encodeURIComponent(layout.machines[track.machine]?.name ?? '');
  const buffer = track.kind === 'events' && track.buffer !== '' ? `~${encodeURIComponent(track.buffer)}` : '';
  return `${track.kind}~${track.cpu}~${machine}${buffer}`;
}

export function taskKey(layout: TrackLayout, machine: number, pid: number): string {
  return `task~${pid}~${encodeURIComponent(layout.machines[machine]?.name ?? '')}`;
}

/** Place of the track with a key; -1 if no open file has it. */
export function trackOfKey(layout: TrackLayout, key: string): number {
  return layout.tracks.findIndex((track) => trackKey(layout, track) === key);
}

/** Place of a track by what it shows; -1 for none. */
export function trackOf(layout: TrackLayout, kind: Track['kind'], machine: number, cpu: number): number {
  return layout.tracks.findIndex((track) => track.kind === kind && track.machine === machine && track.cpu === cpu);
}
