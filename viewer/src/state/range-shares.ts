/*
 * What tracks did within a stretch of time.
 */
import { VCPU_STATE } from '../../../src/tracks/types.ts';
import { countBefore, countUntil } from './ascending.ts';
import type { Span } from './page.ts';
import { lengthWithin } from './sentence.ts';
import type { Series } from './series.ts';
import type { Shares } from './shares.ts';
import type { Slices } from './slices.ts';
import { TASK_CLASS } from './task-class.ts';

export interface RangeShare {
  readonly name: string;
  /** A length of time, unless it counts events. */
  readonly value: number;
  readonly isCount: boolean;
}

export function sharesWithin(series: Series, span: Span): RangeShare[] {
  if (series.kind === 'events') {
    const { times, length } = series;
    return [
      {
        name: 'events',
        value: countBefore(times, length, span.end) - countBefore(times, length, span.start),
        isCount: true,
      },
    ];
  }
  const time = (name: string, value: number): RangeShare => ({ name, value, isCount: false });
  if (series.kind === 'tasks') {
    const sums = between(series.shares, span);
    return [time('busy', sums[TASK_CLASS.busy]!), time('stolen', lengthWithin(series, span))];
  }
  if (series.kind === 'vcpu') {
    const sums = between(series.shares, span);
    return [
      time('in guest', sums[VCPU_STATE.inGuest]!),
      time('hypervisor', sums[VCPU_STATE.inHypervisor]!),
      time('preempted', sums[VCPU_STATE.preempted]!),
      time('waiting', sums[VCPU_STATE.waking]!),
      time('blocked', sums[VCPU_STATE.blocked]!),
      time('halted', sums[VCPU_STATE.halted]!),
    ];
  }
  const outer = series.levels[0];
  return outer === undefined
    ? []
    : [time(series.kind === 'calls' ? 'in calls' : 'interrupts', coveredWithin(outer, span))];
}

function between(shares: Shares, { start, end }: Span): Float64Array {
  const [first, last] = [new Float64Array(shares.classes), new Float64Array(shares.classes)];
  const until = (time: number, sums: Float64Array) => {
    const at = countUntil(shares.starts, shares.length, time) - 1;
    if (at >= 0) shares.until(at, time, sums);
  };
  until(start, first);
  until(end, last);
  return last.map((sum, kind) => sum - first[kind]!);
}

function coveredWithin({ starts, ends, before, length }: Slices, { start, end }: Span): number {
  const until = (time: number) => {
    const at = countUntil(starts, length, time) - 1;
    return at < 0 ? 0 : before[at]! + Math.min(time, ends[at]!) - starts[at]!;
  };
  return until(end) - until(start);
}
