import { UNKNOWN_PID } from '../../../src/tracks/types.ts';

/** What a CPU does, as far as shares of pixels are concerned. */
export const TASK_CLASS = { idle: 0, busy: 1, unknown: 2, count: 3 } as const;

export function taskClass(pid: number): number {
  if (pid === 0) return TASK_CLASS.idle;
  return pid === UNKNOWN_PID ? TASK_CLASS.unknown : TASK_CLASS.busy;
}
