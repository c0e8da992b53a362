/*
 * What is written on slices.
 */
import { UNKNOWN_PID, VCPU_STATE } from '../../../src/tracks/types.ts';
import type { Scene } from './scene.ts';

type Names = Pick<Scene, 'names' | 'tasks'>;

export function taskText({ tasks }: Names, machine: number, pid: number): string {
  if (pid === 0) return 'idle';
  if (pid === UNKNOWN_PID) return 'unknown';
  const name = tasks[machine]?.get(pid);
  return name === undefined ? `pid ${pid}` : name;
}

/** With its pid, as trace-cmd's first column has it. */
export function taskAndPid(names: Names, machine: number, pid: number): string {
  if (pid <= 0) return taskText(names, machine, pid);
  return `${names.tasks[machine]?.get(pid) ?? '<...>'}-${pid}`;
}

/** `host`: the machine whose tasks are named. */
export function stateText(names: Names, host: number, state: number, detail: number): string {
  switch (state) {
    case VCPU_STATE.inGuest:
      return 'in guest';
    case VCPU_STATE.inHypervisor:
      return exitText(names, detail);
    case VCPU_STATE.preempted:
      return `preempted by ${taskText(names, host, detail)}`;
    case VCPU_STATE.waking:
      return detail === UNKNOWN_PID ? 'woken, waits for a CPU' : `waits for ${taskText(names, host, detail)}`;
    case VCPU_STATE.blocked:
      return `blocked after ${exitText(names, detail)}`;
    case VCPU_STATE.halted:
      return 'halted';
    default:
      return 'unknown';
  }
}

export function exitText({ names }: Names, detail: number): string {
  return names.exits[detail] ?? 'an exit';
}

/** Of a task that has a row of its own. */
export function taskStateText(state: number, cpu: number): string {
  switch (state) {
    case VCPU_STATE.inGuest:
      return cpu < 0 ? 'running' : `on CPU ${cpu}`;
    case VCPU_STATE.preempted:
      return 'preempted';
    case VCPU_STATE.waking:
      return 'woken, waits for a CPU';
    case VCPU_STATE.blocked:
    case VCPU_STATE.halted:
      return 'sleeping';
    default:
      return 'unknown';
  }
}
