import { EXIT_REASONS, HALT_REASONS } from '../text/events/families/kvm-exit-reasons.ts';
import { type StateColumns, VCPU_STATE } from './types.ts';
import { type GuestWork, WorkFollower } from './work.ts';

/** A part of a vCPU's time, by what it means for the guest. */
export type Share = 'inGuest' | 'stolen' | 'halted' | 'unknown';

const HALTS = new Set(Object.entries(HALT_REASONS).map(([isa, reason]) => EXIT_REASONS[Number(isa)]?.[reason]));

/**
 * Divides a vCPU's time: calls `part` for intervals in order, without gaps, with the place of the state that they lie in.
 * Stolen is what the thread was not in the guest for while the guest's CPU had something to do: by its own record where
 * there is one; from a wake-up on until the guest runs again in any case, since something woke it; never from a halt
 * until a wake-up. What is left over is halted.
 */
export function divide(
  columns: StateColumns,
  work: GuestWork,
  exits: readonly string[],
  until: number,
  part: (share: Share, from: number, to: number, place: number) => void,
): void {
  const { starts, states, details } = columns;
  const follower = new WorkFollower(work);
  let isHalted = false;
  let isWoken = false;
  let wasInside = true;
  for (let place = 0; place < starts.length; place++) {
    const [state, from] = [states[place], starts[place] as number];
    const to = place + 1 < starts.length ? (starts[place + 1] as number) : until;
    if (state === VCPU_STATE.inGuest || state === VCPU_STATE.unknown) {
      [isHalted, isWoken, wasInside] = [false, false, true];
      if (to > from) part(state === VCPU_STATE.inGuest ? 'inGuest' : 'unknown', from, to, place);
      continue;
    }
    if (wasInside) isHalted = state === VCPU_STATE.inHypervisor && HALTS.has(exits[details[place] as number] ?? '');
    wasInside = false;
    if (state === VCPU_STATE.blocked || state === VCPU_STATE.halted) isWoken = false;
    else if (state === VCPU_STATE.waking || states[place - 1] === VCPU_STATE.halted) isWoken = true;
    if (to <= from) continue;
    if (isWoken) part('stolen', from, to, place);
    else if (isHalted || state === VCPU_STATE.halted) part('halted', from, to, place);
    else
      follower.follow(from, to, (start, end, isBusy) => {
        part(isBusy ? 'stolen' : 'halted', start, end, place);
      });
  }
}

/** When time was stolen from a guest's CPU, ascending; neighbouring intervals are one. For arguments see `divide`. */
export function stolenIntervals(
  columns: StateColumns,
  work: GuestWork,
  exits: readonly string[],
  until: number,
): { readonly starts: Float64Array; readonly ends: Float64Array } {
  const starts: number[] = [];
  const ends: number[] = [];
  divide(columns, work, exits, until, (share, from, to) => {
    if (share !== 'stolen') return;
    if (ends.at(-1) === from) ends[ends.length - 1] = to;
    else {
      starts.push(from);
      ends.push(to);
    }
  });
  return { starts: Float64Array.from(starts), ends: Float64Array.from(ends) };
}
