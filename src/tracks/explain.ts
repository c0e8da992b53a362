import { type StateColumns, VCPU_STATE, type VcpuState } from './types.ts';

/** What a vCPU's thread does at one time, and why. */
export interface Moment {
  /** The state then: its place in the columns, what the columns say of it, and from when to when it lasts. */
  readonly index: number;
  readonly state: VcpuState;
  readonly detail: number;
  readonly cpu: number;
  readonly start: number;
  readonly end: number;
  /**
   * While it is known not to be in the guest: from when to when, as far as known, and why the guest was left, a place
   * in `TrackNames.exits`; -1 unknown.
   */
  readonly outside: { readonly start: number; readonly end: number; readonly reason: number } | undefined;
}

/** The place of the last of some ascending numbers that is not greater than a value; -1 when all are. */
export function lastAtOrBefore(ascending: Float64Array, value: number): number {
  let low = 0;
  let high = ascending.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((ascending[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** Whether a state is known not to be in the guest. */
export function isOutside(state: number | undefined): boolean {
  return state !== undefined && state !== VCPU_STATE.inGuest && state !== VCPU_STATE.unknown;
}

/** What is known of a vCPU at a time. `until`: end of the last state. Undefined outside of what the columns cover. */
export function explain(columns: StateColumns, time: number, until: number): Moment | undefined {
  const { starts, states, details, cpus } = columns;
  const index = lastAtOrBefore(starts, time);
  if (index < 0 || time > until) return undefined;
  const endOf = (place: number): number => starts[place + 1] ?? until;
  let [first, last] = [index, index];
  while (isOutside(states[first - 1])) first--;
  while (isOutside(states[last + 1])) last++;
  const reason = states[first] === VCPU_STATE.inHypervisor ? (details[first] as number) : -1;
  return {
    index,
    state: states[index] as VcpuState,
    detail: details[index] as number,
    cpu: cpus[index] as number,
    start: starts[index] as number,
    end: endOf(index),
    outside: isOutside(states[index]) ? { start: starts[first] as number, end: endOf(last), reason } : undefined,
  };
}
