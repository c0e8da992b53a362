import { EXIT_REASONS, HALT_REASONS } from '../text/events/families/kvm-exit-reasons.ts';
import { type StateColumns, VCPU_STATE } from './types.ts';
import { type GuestWork, WorkFollower } from './work.ts';

/** A part of a vCPU's time, by what it means for the guest. */
export type Share = 'inGuest' | 'stolen' | 'halted' | 'unknown';

const HALTS = new Set(Object.entries(HALT_REASONS).map(([isa, reason]) => EXIT_REASONS[Number(isa)]?.[reason]));

type Part = (share: Share, from: number, to: number, place: number) => void;

/**
 * Divides a vCPU's time as it becomes known. Stolen is what the thread was not in the guest for while the guest's CPU had
 * something to do: by its own record where there is one; from a wake-up on until the guest runs again in any case, since
 * something woke it; never from a halt until a wake-up. What is left over is halted.
 */
export class Divider {
  readonly #follower = new WorkFollower();
  /** The first state that was not divided. */
  #place = 0;
  #isHalted = false;
  #isWoken = false;
  #wasInside = true;

  /** Divides what is new among the states that have ended by `until`. For `part` see `divide`. */
  advance(columns: StateColumns, work: GuestWork, exits: readonly string[], until: number, part: Part): void {
    const { starts } = columns;
    this.#follower.look(work);
    for (; this.#place + 1 < starts.length; this.#place++) {
      const end = starts[this.#place + 1] as number;
      if (end > until) return;
      this.#divide(columns, exits, end, part);
    }
  }

  /** Divides all that is left; the last state ends at `until`. */
  finish(columns: StateColumns, work: GuestWork, exits: readonly string[], until: number, part: Part): void {
    this.advance(columns, work, exits, Number.POSITIVE_INFINITY, part);
    if (this.#place < columns.starts.length) this.#divide(columns, exits, until, part);
  }

  /** The state at the current place, which ends at `to`. */
  #divide({ starts, states, details }: StateColumns, exits: readonly string[], to: number, part: Part): void {
    const place = this.#place;
    const [state, from] = [states[place], starts[place] as number];
    if (state === VCPU_STATE.inGuest || state === VCPU_STATE.unknown) {
      this.#isHalted = false;
      this.#isWoken = false;
      this.#wasInside = true;
      if (to > from) part(state === VCPU_STATE.inGuest ? 'inGuest' : 'unknown', from, to, place);
      return;
    }
    if (this.#wasInside) {
      this.#isHalted = state === VCPU_STATE.inHypervisor && HALTS.has(exits[details[place] as number] ?? '');
    }
    this.#wasInside = false;
    if (state === VCPU_STATE.blocked || state === VCPU_STATE.halted) this.#isWoken = false;
    else if (state === VCPU_STATE.waking || states[place - 1] === VCPU_STATE.halted) this.#isWoken = true;
    if (to <= from) return;
    if (this.#isWoken) part('stolen', from, to, place);
    else if (this.#isHalted || state === VCPU_STATE.halted) part('halted', from, to, place);
    else
      this.#follower.follow(from, to, (start, end, isBusy) => {
        part(isBusy ? 'stolen' : 'halted', start, end, place);
      });
  }
}

/**
 * Divides all of a vCPU's time: calls `part` for intervals in order, without gaps, with the place of the state that they
 * lie in. The last state ends at `until`.
 */
export function divide(
  columns: StateColumns,
  work: GuestWork,
  exits: readonly string[],
  until: number,
  part: Part,
): void {
  new Divider().finish(columns, work, exits, until, part);
}

/** Stolen intervals, ascending; neighbouring ones are one. */
export class StolenList {
  #starts: number[] = [];
  #ends: number[] = [];

  readonly add: Part = (share, from, to) => {
    if (share !== 'stolen') return;
    const ends = this.#ends;
    if (ends.at(-1) === from) ends[ends.length - 1] = to;
    else {
      this.#starts.push(from);
      ends.push(to);
    }
  };

  /** What was added since the last time. */
  take(): { readonly starts: Float64Array; readonly ends: Float64Array } {
    const taken = { starts: Float64Array.from(this.#starts), ends: Float64Array.from(this.#ends) };
    this.#starts = [];
    this.#ends = [];
    return taken;
  }
}

/** When time was stolen from a guest's CPU. For arguments see `divide`. */
export function stolenIntervals(
  columns: StateColumns,
  work: GuestWork,
  exits: readonly string[],
  until: number,
): ReturnType<StolenList['take']> {
  const list = new StolenList();
  divide(columns, work, exits, until, list.add);
  return list.take();
}
