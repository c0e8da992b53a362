import type { SmallReader } from '../../format/field-reader.ts';
import type { EventRecord } from '../../format/record.ts';
import { HALT_REASONS } from '../../text/events/families/kvm-exit-reasons.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { eventsOf, type ReadEvent, readEvent } from '../kvm-events.ts';

/** A packet of a virtio socket, as the events of both ends show it. */
export interface PacketEvent {
  readonly event: ReadEvent;
  /** Ports, length and kind in one number, the same at both ends. */
  readonly flow: SmallReader;
}

/** Events of the host that the rules are about. */
export interface HostReaders {
  readonly entry: ReadEvent | undefined;
  readonly exit: ReadEvent | undefined;
  /** Whether a kvm_exit is a halt. */
  readonly isHalt: (record: EventRecord) => boolean;
  readonly inject: VectorEvent | undefined;
  readonly accept: (VectorEvent & { readonly apic: SmallReader }) | undefined;
  readonly send: PacketEvent | undefined;
  readonly receive: PacketEvent | undefined;
}

export interface VectorEvent {
  readonly event: ReadEvent;
  readonly vector: SmallReader;
}

/** Events of a guest that the rules are about. */
export interface GuestReaders {
  readonly switch: { readonly event: ReadEvent; readonly next: SmallReader } | undefined;
  /** By event id. */
  readonly interrupts: ReadonlyMap<number, VectorEvent>;
  readonly send: PacketEvent | undefined;
  readonly receive: PacketEvent | undefined;
}

export function hostReaders(file: TraceFile): HostReaders {
  const events = eventsOf(file);
  const find = (system: string, name: string) => readEvent(events, system, name, file.header.littleEndian);
  const exit = find('kvm', 'kvm_exit');
  const accept = vectorEvent(find('kvm', 'kvm_apic_accept_irq'), 'vec');
  const apic = accept?.event.field('apicid');
  return {
    entry: find('kvm', 'kvm_entry'),
    exit,
    isHalt: haltReader(exit),
    inject: vectorEvent(find('kvm', 'kvm_inj_virq'), 'irq') ?? vectorEvent(find('kvm', 'kvm_inj_virq'), 'vector'),
    accept: accept && apic && { ...accept, apic },
    send: packetEvent(find('vsock', 'virtio_transport_alloc_pkt')),
    receive: packetEvent(find('vsock', 'virtio_transport_recv_pkt')),
  };
}

export function guestReaders(file: TraceFile): GuestReaders {
  const events = eventsOf(file);
  const { littleEndian } = file.header;
  const find = (system: string, name: string) => readEvent(events, system, name, littleEndian);
  const switched = find('sched', 'sched_switch');
  const next = switched?.field('next_pid');
  const interrupts = new Map<number, VectorEvent>();
  for (const { name } of events.ofSystem('irq_vectors')) {
    const one = name.endsWith('_entry') ? vectorEvent(find('irq_vectors', name), 'vector') : undefined;
    if (one) interrupts.set(one.event.id, one);
  }
  return {
    switch: switched && next && { event: switched, next },
    interrupts,
    send: packetEvent(find('vsock', 'virtio_transport_alloc_pkt')),
    receive: packetEvent(find('vsock', 'virtio_transport_recv_pkt')),
  };
}

function vectorEvent(event: ReadEvent | undefined, name: string): VectorEvent | undefined {
  const vector = event?.field(name);
  return event && vector && { event, vector };
}

function haltReader(exit: ReadEvent | undefined): (record: EventRecord) => boolean {
  const reason = exit?.field('exit_reason');
  const isa = exit?.field('isa');
  if (!reason || !isa) return () => false;
  return (record) => reason(record) === HALT_REASONS[isa(record)];
}

function packetEvent(event: ReadEvent | undefined): PacketEvent | undefined {
  const [from, to, length, kind] = ['src_port', 'dst_port', 'len', 'op'].map((name) => event?.field(name));
  if (!event || !from || !to || !length || !kind) return undefined;
  const flow: SmallReader = (record) =>
    ((from(record) >>> 0) * 0x10_0000 + ((to(record) & 0xffff) * 16 + (kind(record) & 15))) * 2 +
    (length(record) > 0 ? 1 : 0);
  return { event, flow };
}
