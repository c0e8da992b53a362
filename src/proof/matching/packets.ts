import type { SmallReader } from '../../format/field-reader.ts';
import { Timeline } from '../../timeline/timeline.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { guestReaders, hostReaders, type PacketEvent } from '../check/readers.ts';
import type { GuestTimes, HostRuns } from '../collect.ts';
import { idOf, lanesOf, RAW } from '../lanes.ts';

/** A packet at one of its ends; the time is relative. */
export interface Seen {
  readonly time: number;
  /** Of the guest, where it was sent or received there. */
  readonly cpu: number;
}

/** The packets of each flow, by what tells it from others, in the order in which they were seen. */
export type Flows = ReadonlyMap<number, readonly Seen[]>;

/** Packets that a guest sent, as its file shows them. */
export function sentByGuest(guest: TraceFile, { base }: GuestTimes): Promise<Flows> {
  return collect(guest, guestReaders(guest).send, base);
}

/** Packets that a host received from its guests. */
export function receivedByHost(host: TraceFile, { base }: HostRuns): Promise<Flows> {
  return collect(host, hostReaders(host).receive, base);
}

async function collect(file: TraceFile, packet: PacketEvent | undefined, base: bigint): Promise<Flows> {
  const flows = new Map<number, Seen[]>();
  if (packet === undefined) return flows;
  const { event, flow }: { event: PacketEvent['event']; flow: SmallReader } = packet;
  const [baseHi, baseLo] = [Number(base >> 32n), Number(base & 0xffff_ffffn)];
  const timeline = new Timeline(lanesOf(file, RAW, [event.id]));
  await timeline.fill();
  while (!timeline.ended) {
    for (let one = timeline.next(); one; one = timeline.next()) {
      const { record, hi, lo } = one;
      if (idOf(record, file.header.littleEndian) !== event.id) continue;
      if (record.end - record.start < event.minimumLength) continue;
      const key = flow(record);
      const list = flows.get(key) ?? [];
      list.push({ time: (hi - baseHi) * 0x1_0000_0000 + (lo - baseLo), cpu: record.cpu });
      flows.set(key, list);
    }
    await timeline.fill();
  }
  return flows;
}
