import { Correction, type CorrectionRules, type TraceFile } from '../../src/index.ts';
import { errorBound } from '../../src/time/error-bound.ts';

/** How far times were from the truth, ns. */
export interface SyncError {
  readonly count: number;
  readonly mean: number;
  readonly rootMeanSquare: number;
  /** The largest, whatever its sign. */
  readonly worst: number;
}

/** The true host time of a guest time, both as the recording's clock counts. */
export type TrueTime = (guestTime: bigint, cpu: number) => bigint;

/** The errors of a guest file's samples, and of what is made of them: times all along the recording. */
export interface GuestSyncError {
  readonly samples: SyncError;
  readonly times: SyncError;
  /** What the file says that its times can be wrong by at most, ns; undefined where it says nothing. */
  readonly bound: number | undefined;
  /** How many of the times are wrong by more than the bound that holds for them. */
  readonly beyond: number;
}

const TIMES = 1000;

/**
 * Compares a guest's TIME_SHIFT with the truth. `from` and `to` are the guest times that were recorded; units of a
 * second tell what the clock counts: 1e9, or the frequency of a TSC. The file must hold no other corrections.
 */
export function guestSyncError(
  guest: TraceFile,
  truth: TrueTime,
  [from, to]: readonly [bigint, bigint],
  unitsOfSecond: number,
): GuestSyncError {
  const cpus = guest.timeShift?.cpus ?? [];
  const nanoseconds = (units: bigint): number => (Number(units) * 1e9) / unitsOfSecond;
  const samples = cpus.flatMap((list, cpu) =>
    list.map(({ time, offset }) => nanoseconds(time + offset - truth(time, cpu))),
  );
  const errors: number[] = [];
  let bound: bigint | undefined;
  let beyond = 0;
  for (const [cpu, list] of cpus.entries()) {
    const corrected = correctedTimes(guest, cpu);
    for (let step = 0; step < TIMES; step++) {
      const time = from + ((to - from) * BigInt(step)) / BigInt(TIMES - 1);
      const error = corrected(time) - truth(time, cpu);
      const allowed = errorBound(list, guest.timeShift?.flags ?? 0, time);
      if (allowed !== undefined && (error > allowed || -error > allowed)) beyond++;
      if (allowed !== undefined && (bound === undefined || allowed > bound)) bound = allowed;
      errors.push(nanoseconds(error));
    }
  }
  return {
    ...{ samples: syncError(samples), times: syncError(errors), beyond },
    bound: bound === undefined ? undefined : nanoseconds(bound),
  };
}

function correctedTimes({ timeShift }: TraceFile, cpu: number): (time: bigint) => bigint {
  const rules: CorrectionRules = { mode: 'exact', offset: 0n, timeShift };
  const correction = new Correction(cpu, rules);
  return (time) => {
    correction.apply(Number(time >> 32n), Number(time & 0xffff_ffffn));
    return (BigInt(correction.outHi) << 32n) | BigInt(correction.outLo);
  };
}

export function syncError(errors: readonly number[]): SyncError {
  const count = errors.length;
  const mean = errors.reduce((sum, one) => sum + one, 0) / count;
  const rootMeanSquare = Math.sqrt(errors.reduce((sum, one) => sum + one * one, 0) / count);
  return { count, mean, rootMeanSquare, worst: errors.reduce((worst, one) => Math.max(worst, Math.abs(one)), 0) };
}
