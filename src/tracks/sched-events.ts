import type { MachineTracks } from './machine-tracks.ts';
import { COMM_BYTES } from './task-table.ts';
import { EventFields, type TrackEvent } from './track-events.ts';

/** Bits of prev_state that mean that a task sleeps or is gone. What the kernel adds for a preempted one is beyond. */
export const NOT_RUNNABLE = 0xff;

/** sched_switch and the events that wake and name tasks. */
export function schedEvents(machine: MachineTracks): TrackEvent[] {
  const { events, env } = machine.file;
  const fields = (system: string, name: string): EventFields | undefined => {
    const event = events.find(system, name);
    return event && new EventFields(event, env.littleEndian);
  };
  const switched = fields('sched', 'sched_switch');
  const renamed = fields('task', 'task_rename');
  const wakings = ['sched_waking', 'sched_wakeup', 'sched_wakeup_new'].map((name) => fields('sched', name));
  return [
    switched && switchEvent(switched, machine),
    ...wakings.map((waking) => waking && wakingEvent(waking, machine)),
    renamed && renameEvent(renamed, machine),
  ].filter((event) => event !== undefined);
}

function switchEvent(fields: EventFields, machine: MachineTracks): TrackEvent | undefined {
  const { tasks, wakeups, vcpus } = machine;
  const previousPid = fields.int('prev_pid');
  const nextPid = fields.int('next_pid');
  const previousState = fields.int('prev_state');
  const previousName = fields.textAt('prev_comm', COMM_BYTES);
  const nextName = fields.textAt('next_comm', COMM_BYTES);
  if (!previousPid || !nextPid) return undefined;
  return fields.make((cpu, record, time) => {
    const previous = previousPid(record);
    const next = nextPid(record);
    cpu.tasks.switched(time, previous, next);
    cpu.interrupts.stopped(time);
    if (previous !== 0) {
      const slot = tasks.slotOf(previous);
      wakeups.left(slot);
      if (previousName !== undefined) tasks.sawName(slot, previous, record, previousName);
      // A kernel that doesn't tell the state is not known.
      const canRun = previousState !== undefined && (previousState(record) & NOT_RUNNABLE) === 0;
      vcpus[slot]?.switchedOut(time, cpu.cpu, next, canRun);
    }
    if (next !== 0) {
      const slot = tasks.slotOf(next);
      wakeups.ran(time, cpu.cpu, next, slot);
      if (nextName !== undefined) tasks.sawName(slot, next, record, nextName);
      vcpus[slot]?.switchedIn(time, cpu.cpu);
    }
  });
}

function wakingEvent(fields: EventFields, machine: MachineTracks): TrackEvent | undefined {
  const { tasks, wakeups, vcpus } = machine;
  const wokenPid = fields.int('pid');
  const targetCpu = fields.int('target_cpu');
  const name = fields.textAt('comm', COMM_BYTES);
  if (!wokenPid) return undefined;
  return fields.make((_, record, time) => {
    const pid = wokenPid(record);
    const slot = tasks.slotOf(pid);
    wakeups.woken(time, slot);
    if (name !== undefined) tasks.sawName(slot, pid, record, name);
    const vcpu = vcpus[slot];
    if (vcpu === undefined) return;
    const target = targetCpu ? targetCpu(record) : -1;
    vcpu.woken(time, target, machine.running(target));
  });
}

function renameEvent(fields: EventFields, { tasks }: MachineTracks): TrackEvent | undefined {
  const pidOf = fields.int('pid');
  const name = fields.textAt('newcomm', COMM_BYTES);
  if (!pidOf || name === undefined) return undefined;
  return fields.make((_cpu, record) => {
    const pid = pidOf(record);
    tasks.sawName(tasks.slotOf(pid), pid, record, name);
  });
}
