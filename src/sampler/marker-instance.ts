import { endianness } from 'node:os';
import type { Journal } from '../kernel/journal.ts';
import { pageSize } from '../kernel/page-size.ts';
import type { Tracefs } from '../kernel/tracefs.ts';
import { subBufferLayout } from '../ring-buffer/layout.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';

/** Room per CPU: some 4000 markers, of which a measurement makes several hundred. */
const BUFFER_KB = 128;

/** An instance that takes markers only, and what it takes to read them. Can be handed to another thread. */
export interface MarkerInstance {
  readonly path: string;
  /** CPUs that have a buffer. */
  readonly cpus: readonly number[];
  readonly layout: SubBufferLayout;
  /** Type of the events that trace_marker_raw makes. */
  readonly eventId: number;
}

let made = 0;

/**
 * Makes an instance for the markers of one session, with the trace clock that is measured (the kernel's name of it).
 * The journal removes it, as soon as nobody reads it.
 */
export function createMarkerInstance(tracefs: Tracefs, journal: Journal, clock: string): MarkerInstance {
  made++;
  const instance = journal.createInstance(tracefs, `tandem_sync-${process.pid}-${made}`);
  instance.write(clock, 'trace_clock');
  instance.write(String(BUFFER_KB), 'buffer_size_kb');
  const littleEndian = endianness() === 'LE';
  return {
    path: instance.path,
    cpus: instance.cpus(),
    // The buffer is new: its sub-buffers are one page.
    layout: subBufferLayout(
      Buffer.from(tracefs.top.read('events', 'header_page')),
      { littleEndian, userLongSize: 8, size: pageSize() },
      'header_page',
    ),
    eventId: Number(/^ID: (\d+)$/m.exec(tracefs.top.read('events', 'ftrace', 'raw_data', 'format'))?.[1]),
  };
}
