import type { EventFormat } from '../../../src/format/event-format.ts';
import { findField } from '../../../src/format/event-format.ts';
import { smallReader } from '../../../src/format/field-reader.ts';
import type { EventRecord } from '../../../src/format/record.ts';
import { eventIdReader } from '../../../src/text/report/file-texts.ts';
import type { ReportFile } from '../../../src/text/report/report-file.ts';
import { VCPU_STATE, type VcpuState } from '../../../src/tracks/types.ts';
import type { Answers } from '../protocol.ts';
import { leadsWithId } from './find.ts';
import type { Lane } from './lane.ts';

const WAKEUPS = ['sched_waking', 'sched_wakeup', 'sched_wakeup_new'];
/** The bits of prev_state that say why a task sleeps; above them is that it was preempted while it could run. */
const SLEEPS = 0xff;

/** What an event says of the task: it is woken, it gets a CPU, its CPU is taken away, it goes to sleep. */
type Step = 'woken' | 'runs' | 'preempted' | 'sleeps' | 'lost';

interface TaskEvent {
  readonly time: number;
  readonly cpu: number;
  readonly step: Step;
}

type Reader = (record: EventRecord) => Step | undefined;

/** When a task of a file ran and waited, by the scheduler's events. Of pid 0 there are many at a time: it gets none. */
export async function taskTimes(file: ReportFile, lanes: readonly Lane[], pid: number): Promise<Answers['task']> {
  const readers = pid === 0 ? new Map<number, Reader>() : readersOf(file, pid);
  const events: TaskEvent[] = [];
  if (readers.size > 0) for (const lane of lanes) await collect(lane, file, readers, events);
  events.sort((a, b) => a.time - b.time);
  return statesOf(events);
}

function readersOf({ events, env }: ReportFile, pid: number): Map<number, Reader> {
  const readers = new Map<number, Reader>();
  const field = (event: EventFormat, name: string) => {
    const found = findField(event, name);
    return found && smallReader(found, env.littleEndian);
  };
  const change = events.find('sched', 'sched_switch');
  const [previous, state, next] = ['prev_pid', 'prev_state', 'next_pid'].map((name) => change && field(change, name));
  if (change && previous && next) {
    readers.set(change.id, (record) => {
      if (record.end - record.start < change.minimumLength) return undefined;
      if (next(record) === pid) return 'runs';
      if (previous(record) !== pid) return undefined;
      return state !== undefined && (state(record) & SLEEPS) !== 0 ? 'sleeps' : 'preempted';
    });
  }
  for (const name of WAKEUPS) {
    const event = events.find('sched', name);
    const woken = event && field(event, 'pid');
    if (!event || !woken) continue;
    readers.set(event.id, (record) =>
      record.end - record.start >= event.minimumLength && woken(record) === pid ? 'woken' : undefined,
    );
  }
  return readers;
}

async function collect(
  lane: Lane,
  { events, env }: ReportFile,
  readers: ReadonlyMap<number, Reader>,
  found: TaskEvent[],
): Promise<void> {
  const readId = eventIdReader(events, env.littleEndian);
  const unwanted = new Uint8Array(0x1_0000).fill(1);
  for (const id of readers.keys()) unwanted[id] = 0;
  const stepOf = (record: EventRecord): Step | undefined => readers.get(readId(record))?.(record);
  const accepts = (record: EventRecord): boolean => record.missed !== 0 || stepOf(record) !== undefined;
  const { cpu } = lane.place;
  await lane.walk(
    (record) => {
      const time = lane.timeOf(record);
      if (record.missed !== 0) found.push({ time, cpu, step: 'lost' });
      const step = stepOf(record);
      if (step !== undefined) found.push({ time, cpu, step });
    },
    leadsWithId(events) ? { unwanted, accepts } : undefined,
  );
}

function statesOf(events: readonly TaskEvent[]): Answers['task'] {
  const starts: number[] = [];
  const states: VcpuState[] = [];
  const cpus: number[] = [];
  let state: VcpuState = VCPU_STATE.unknown;
  let cpu = -1;
  for (const event of events) {
    const next = after(state, cpu, event);
    if (event.step === 'runs') cpu = event.cpu;
    if (next === state) continue;
    state = next;
    starts.push(event.time);
    states.push(state);
    cpus.push(cpu);
  }
  return { starts: Float64Array.from(starts), states: Uint8Array.from(states), cpus: Int16Array.from(cpus) };
}

function after(state: VcpuState, cpu: number, event: TaskEvent): VcpuState {
  switch (event.step) {
    case 'runs':
      return VCPU_STATE.inGuest;
    case 'preempted':
      return VCPU_STATE.preempted;
    case 'sleeps':
      return VCPU_STATE.blocked;
    case 'woken':
      // What runs, or waits for its CPU, need not be woken.
      return state === VCPU_STATE.blocked || state === VCPU_STATE.unknown ? VCPU_STATE.waking : state;
    case 'lost':
      return event.cpu === cpu && state !== VCPU_STATE.blocked ? VCPU_STATE.unknown : state;
  }
}
