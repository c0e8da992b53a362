import { readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import { basename } from 'node:path';
import type { Journal } from '../kernel/journal.ts';
import { pageSize } from '../kernel/page-size.ts';
import { type Tracefs, TraceInstance } from '../kernel/tracefs.ts';
import { subBufferLayout } from '../ring-buffer/layout.ts';
import type { SubBufferLayout } from '../ring-buffer/record-cursor.ts';
import { isOneClock } from '../sync/clocks.ts';

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
  /** Type of the events of a thread that is woken; undefined where they would tell nothing. */
  readonly wakingId: number | undefined;
  /** Undefined where runs of vCPUs are not watched. */
  readonly runs?: RunEvents;
  /** What the kernel does next to exits of a vCPU that it runs on: undefined where that is not watched. */
  readonly exits?: readonly InstanceEvent[];
}

/** The events of a guest's vCPUs that an instance can record besides. */
export interface RunEvents {
  /** Threads by guest CPU; -1 where unknown. */
  readonly threads: readonly number[];
  readonly entry: InstanceEvent;
  readonly exit: InstanceEvent;
}

/** An event, and the type that the kernel gave it. */
export interface InstanceEvent {
  readonly system: string;
  readonly name: string;
  readonly id: number;
}

const RUN_EVENTS = ['kvm_entry', 'kvm_exit'] as const;

/** The timer of a CPU is changed before an exit, and the register that tells the hypervisor of it is written behind one. */
const EXIT_EVENTS = [
  ['timer', 'hrtimer_start'],
  ['timer', 'hrtimer_cancel'],
  ['msr', 'write_msr'],
] as const;

/** Room per CPU for what a measurement sees a vCPU do: some 10 000 runs. */
const RUNS_BUFFER_KB = 1024;

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
    eventId: eventId(tracefs, 'ftrace', 'raw_data'),
    // The CPU that wakes the thread stamps it.
    wakingId: isOneClock(clock) && hasPidsOfKernel() ? wakingId(tracefs) : undefined,
  };
}

/** Whether this kernel tells when vCPUs run. */
export function hasRunEvents({ top }: Tracefs): boolean {
  return RUN_EVENTS.every((name) => top.has('events', 'kvm', name));
}

/**
 * Lets an instance record when vCPUs run, once the events are switched on. All of it ends with the instance.
 * `threads`: by guest CPU; -1 where unknown. `names`: events that begin and end a run.
 */
export function withRuns(
  instance: MarkerInstance,
  tracefs: Tracefs,
  threads: readonly number[],
  names: readonly [string, string] = RUN_EVENTS,
): MarkerInstance {
  const files = new TraceInstance(instance.path, basename(instance.path));
  files.write(String(RUNS_BUFFER_KB), 'buffer_size_kb');
  const known = threads.filter((thread) => thread !== -1);
  const events = names.map((name) => {
    // Threads of one program mostly have ids in a row: others in between are left out when the events are read.
    const ours = `common_pid >= ${Math.min(...known)} && common_pid <= ${Math.max(...known)}`;
    if (known.length > 0) files.write(ours, 'events', 'kvm', name, 'filter');
    return instanceEvent(tracefs, 'kvm', name);
  });
  const [entry, exit] = events as [InstanceEvent, InstanceEvent];
  return { ...instance, runs: { threads, entry, exit } };
}

/** Lets an instance record what happens next to exits of a vCPU, once the events are switched on. */
export function withExits(instance: MarkerInstance, tracefs: Tracefs): MarkerInstance {
  if (!hasPidsOfKernel()) return instance;
  const there = EXIT_EVENTS.filter(([system, name]) => tracefs.top.has('events', system, name));
  return { ...instance, exits: there.map(([system, name]) => instanceEvent(tracefs, system, name)) };
}

function instanceEvent(tracefs: Tracefs, system: string, name: string): InstanceEvent {
  return { system, name, id: eventId(tracefs, system, name) };
}

function wakingId(tracefs: Tracefs): number | undefined {
  return tracefs.top.has('events', 'sched', 'sched_waking') ? eventId(tracefs, 'sched', 'sched_waking') : undefined;
}

function eventId(tracefs: Tracefs, system: string, name: string): number {
  return Number(/^ID: (\d+)$/m.exec(tracefs.top.read('events', system, name, 'format'))?.[1]);
}

/** Whether a thread's id here is what the kernel calls it: in a namespace of its own it would name another thread. */
function hasPidsOfKernel(): boolean {
  const FIRST_NAMESPACE = 'pid:[4026531836]';
  return readlinkSync('/proc/self/ns/pid') === FIRST_NAMESPACE;
}
