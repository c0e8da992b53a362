import type { EventRecord } from '../format/record.ts';
import type { ReportFile } from '../text/report/report-file.ts';
import { Correction } from '../time/correction.ts';
import type { TimelineInput } from '../timeline/lane.ts';
import { windowBytesOf } from '../timeline/open-timeline.ts';
import { Timeline } from '../timeline/timeline.ts';
import { openCpuStream } from '../trace-file/cpu-stream.ts';
import type { TrackPlan } from './layout.ts';
import { limitToRange, relativeTime } from './plan-times.ts';
import { NOT_RUNNABLE } from './sched-events.ts';
import { EventFields } from './track-events.ts';
import { type StateColumns, UNKNOWN_PID } from './types.ts';
import { VcpuStates } from './vcpu-states.ts';

/** What one kind of event says of the task. `concerns`: whether it is about it. */
interface TaskEvent {
  readonly id: number;
  readonly minimumLength: number;
  concerns(record: EventRecord): boolean;
  tell(record: EventRecord, time: number): void;
}

/**
 * When a task of a machine ran and waited: states of VCPU_STATE, `inGuest` meaning that it ran. Reads all events of the
 * machine, most of them no further than their ids. A machine that recorded no scheduling gives one unknown state, and so
 * does pid 0, which each CPU has a task of.
 */
export async function taskStates(
  files: readonly ReportFile[],
  plan: TrackPlan,
  machine: number,
  pid: number,
): Promise<StateColumns> {
  const { layout, settings } = plan;
  const place = layout.machines[machine]!.file;
  const file = files[place]!;
  const states = new VcpuStates(settings.range?.from ?? 0);
  const events = new Map(taskEvents(file, pid, states).map((event) => [event.id, event]));
  if (pid === 0 || events.size === 0) return states.rows.copyAll();
  const unwanted = new Uint8Array(0x1_0000).fill(1);
  for (const id of events.keys()) unwanted[id] = 0;
  const { littleEndian } = file.env;
  const eventOf = (record: EventRecord): TaskEvent | undefined => {
    const length = record.end - record.start;
    const event = length < 2 ? undefined : events.get(record.view.getUint16(record.start, littleEndian));
    return event !== undefined && length >= event.minimumLength && event.concerns(record) ? event : undefined;
  };
  const accepts = (record: EventRecord): boolean => record.missed !== 0 || eventOf(record) !== undefined;
  const lanes = plan.lanes.filter((lane) => lane.file === place);
  const windowBytes = windowBytesOf(lanes.length);
  const timeline = new Timeline(
    lanes.map(({ buffer, cpu, rules }): TimelineInput => {
      const stream = openCpuStream(file.trace, buffer, cpu, { windowBytes, lookahead: false });
      return { stream, correction: new Correction(cpu, rules), accepts, unwanted };
    }),
  );
  await limitToRange(timeline, plan);
  const timeOf = relativeTime(layout);
  await timeline.fill();
  for (; !timeline.ended; await timeline.fill()) {
    for (let one = timeline.next(); one; one = timeline.next()) {
      const time = timeOf(one.hi, one.lo);
      // When the loss began is not known here: most of the events before it were passed over.
      if (one.record.missed !== 0) states.lost(time, one.record.cpu);
      eventOf(one.record)?.tell(one.record, time);
    }
  }
  return states.rows.copyAll();
}

function taskEvents({ events, env }: ReportFile, pid: number, states: VcpuStates): TaskEvent[] {
  const switched = events.find('sched', 'sched_switch');
  const wakings = ['sched_waking', 'sched_wakeup', 'sched_wakeup_new'].map((name) => events.find('sched', name));
  return [
    switched && switchEvent(new EventFields(switched, env.littleEndian), pid, states),
    ...wakings.map((event) => event && wakingEvent(new EventFields(event, env.littleEndian), pid, states)),
  ].filter((event) => event !== undefined);
}

function switchEvent(fields: EventFields, pid: number, states: VcpuStates): TaskEvent | undefined {
  const { id, minimumLength } = fields.event;
  const [previous, next, state] = [fields.int('prev_pid'), fields.int('next_pid'), fields.int('prev_state')];
  if (!previous || !next) return undefined;
  return {
    ...{ id, minimumLength },
    concerns: (record) => previous(record) === pid || next(record) === pid,
    tell: (record, time) => {
      if (next(record) === pid) states.entered(time, record.cpu);
      else {
        const canRun = state !== undefined && (state(record) & NOT_RUNNABLE) === 0;
        states.switchedOut(time, record.cpu, next(record), canRun);
      }
    },
  };
}

function wakingEvent(fields: EventFields, pid: number, states: VcpuStates): TaskEvent | undefined {
  const { id, minimumLength } = fields.event;
  const [woken, target] = [fields.int('pid'), fields.int('target_cpu')];
  if (!woken) return undefined;
  return {
    ...{ id, minimumLength },
    concerns: (record) => woken(record) === pid,
    tell: (record, time) => states.woken(time, target ? target(record) : -1, UNKNOWN_PID),
  };
}
