import type { EventFormat } from '../format/event-format.ts';
import { findField } from '../format/event-format.ts';
import { EventTable } from '../format/event-table.ts';
import { type SmallReader, smallReader } from '../format/field-reader.ts';
import type { TraceFile } from '../trace-file/types.ts';

/** An event that the checks read, with what they read of it. Records shorter than `minimumLength` must be left alone. */
export interface ReadEvent {
  readonly id: number;
  readonly minimumLength: number;
  /** Of the thread that was running. */
  readonly pid: SmallReader;
  /** A field by its name; undefined where the event has none, or none of up to 4 bytes. */
  field(name: string): SmallReader | undefined;
}

/** The event types of a file. */
export function eventsOf({ texts, buffers, header }: TraceFile): EventTable {
  const formats = texts.systems.flatMap(({ name, formats }) => formats.map((text) => ({ system: name, text })));
  const longSize = buffers[0]?.layout.commitSize ?? (header.userLongSize === 4 ? 4 : 8);
  return EventTable.parse(formats, { longSize });
}

/** How to read an event of a file; undefined when the file knows no such event. */
export function readEvent(
  events: EventTable,
  system: string,
  name: string,
  littleEndian: boolean,
): ReadEvent | undefined {
  const event = events.find(system, name);
  const pid = event && findField(event, 'common_pid');
  if (!event || !pid) return undefined;
  const field = (wanted: string): SmallReader | undefined => smallField(event, wanted, littleEndian);
  return { id: event.id, minimumLength: event.minimumLength, pid: smallReader(pid, littleEndian), field };
}

function smallField(event: EventFormat, name: string, littleEndian: boolean): SmallReader | undefined {
  const field = findField(event, name);
  return field && !field.isArray && !field.isDynamic && field.size <= 4 ? smallReader(field, littleEndian) : undefined;
}
