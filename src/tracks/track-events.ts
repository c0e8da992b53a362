import type { EventFormat } from '../format/event-format.ts';
import { findField } from '../format/event-format.ts';
import type { EventTable } from '../format/event-table.ts';
import type { SmallReader } from '../format/field-reader.ts';
import type { EventRecord } from '../format/record.ts';
import { lowBits, numberField } from '../text/events/number-field.ts';
import type { CpuTracks } from './machine-tracks.ts';

/** What one event type means for the tracks of the CPU that recorded it. */
export type TrackHandler = (cpu: CpuTracks, record: EventRecord, time: number) => void;

/** An event that fills tracks. Records shorter than `minimumLength` must be left alone. */
export interface TrackEvent {
  readonly id: number;
  readonly minimumLength: number;
  readonly handle: TrackHandler;
}

const INTERRUPT_EVENTS = ['irq_handler_entry', 'softirq_entry'];
const CALL_EVENTS = ['funcgraph_entry', 'fgraph_retaddr_entry'];

/** Which tracks of CPUs a file's events can fill. */
export function filledKinds(events: EventTable): ('tasks' | 'interrupts' | 'calls')[] {
  const hasInterrupts =
    INTERRUPT_EVENTS.some((name) => events.find('irq', name) !== undefined) ||
    events.ofSystem('irq_vectors').length > 0;
  return [
    ...(events.find('sched', 'sched_switch') ? (['tasks'] as const) : []),
    ...(hasInterrupts ? (['interrupts'] as const) : []),
    ...(CALL_EVENTS.some((name) => events.find('ftrace', name) !== undefined) ? (['calls'] as const) : []),
  ];
}

/** Reads fields of one event type. */
export class EventFields {
  readonly event: EventFormat;
  readonly #littleEndian: boolean;

  constructor(event: EventFormat, littleEndian: boolean) {
    this.event = event;
    this.#littleEndian = littleEndian;
  }

  /** The low 32 bits of a number, with their sign. */
  int(name: string): SmallReader | undefined {
    const field = numberField(findField(this.event, name), this.#littleEndian);
    if (field === undefined) return undefined;
    const low = lowBits(field);
    return (record) => low(record) | 0;
  }

  /** Where a text of a fixed number of bytes is. */
  textAt(name: string, bytes: number): number | undefined {
    const field = findField(this.event, name);
    return field?.size === bytes && !field.isDynamic ? field.offset : undefined;
  }

  make(handle: TrackHandler): TrackEvent {
    return { id: this.event.id, minimumLength: this.event.minimumLength, handle };
  }
}
