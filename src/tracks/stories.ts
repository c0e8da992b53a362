import { isOutside, lastAtOrBefore } from './explain.ts';
import type { MachineTracks } from './machine-tracks.ts';
import { divide } from './stolen.ts';
import type { TrackBuilder } from './track-builder.ts';
import {
  type ExitReason,
  type GuestStory,
  type Interval,
  type StateColumns,
  type StealCause,
  UNKNOWN_PID,
  VCPU_STATE,
  type WakeupLatency,
} from './types.ts';
import { type Vcpu, vcpusOf } from './vcpus.ts';

/** How many of the worst wake-ups are told. */
const MOST_WAKEUPS = 20;
const UNKNOWN_REASON = 'unknown';
/** States that steal. */
const STEALING: readonly StealCause['state'][] = [
  VCPU_STATE.preempted,
  VCPU_STATE.waking,
  VCPU_STATE.blocked,
  VCPU_STATE.inHypervisor,
];

/** What hosts did to their guests; a guest whose host is not among the files has no story. Once all events are read. */
export function guestStories(builder: TrackBuilder): GuestStory[] {
  const { machines } = builder.plan.layout;
  return machines.flatMap(({ host }, machine) => (host === undefined ? [] : [storyOf(builder, machine, host)]));
}

function storyOf(builder: TrackBuilder, machine: number, host: number): GuestStory {
  const { until } = builder;
  const { exits } = builder.names;
  const vcpus = vcpusOf(builder, machine);
  const shares = { inGuest: 0, stolen: 0, halted: 0, unknown: 0 };
  const steal = new StealTally();
  const { range } = builder.plan.settings;
  const unpaired = Math.max(0, builder.plan.layout.machines[machine]!.cpuCount - vcpus.length);
  shares.unknown += unpaired * Math.max(0, until - (range?.from ?? 0));
  for (const { cpu, columns, work } of vcpus) {
    divide(columns, work, exits, until, (share, from, to, place) => {
      shares[share] += to - from;
      if (share === 'stolen') steal.add(columns, place, cpu, from, to);
    });
  }
  return {
    machine,
    ...shares,
    steal: steal.causes(builder.machines[host]!, exits),
    exits: exitsOf(vcpus, exits, until),
    wakeups: wakeupsOf(builder.machines[machine]!, vcpus, until),
    missing: {
      host: missingOf(builder.machines[host]!, HOST_EVENTS),
      guest: missingOf(builder.machines[machine]!, GUEST_EVENTS),
    },
  };
}

/** How often, how long and where the longest is. */
class Tally {
  count = 0;
  total = 0;
  #cpu = -1;
  #start = 0;
  #end = 0;

  add(cpu: number, start: number, end: number): void {
    this.total += end - start;
    if (end - start < this.#end - this.#start) return;
    this.#cpu = cpu;
    this.#start = start;
    this.#end = end;
  }

  get worst(): Interval {
    return { cpu: this.#cpu, start: this.#start, end: this.#end };
  }
}

function tallyOf(tallies: Map<number, Tally>, key: number): Tally {
  let tally = tallies.get(key);
  if (tally === undefined) {
    tally = new Tally();
    tallies.set(key, tally);
  }
  return tally;
}

/** Stolen time by who or what took it. */
class StealTally {
  /** By state, by detail. */
  readonly #tallies = STEALING.map(() => new Map<number, Tally>());
  /** The state that the last interval lies in: its parts count as one. */
  #columns: StateColumns | undefined;
  #place = -1;

  add(columns: StateColumns, place: number, cpu: number, start: number, end: number): void {
    const tallies = this.#tallies[STEALING.indexOf(columns.states[place] as StealCause['state'])];
    // A halted one waits in another state once it is woken.
    if (tallies === undefined) return;
    const tally = tallyOf(tallies, columns.details[place] as number);
    tally.add(cpu, start, end);
    if (this.#columns !== columns || this.#place !== place) tally.count++;
    this.#columns = columns;
    this.#place = place;
  }

  causes(host: MachineTracks, exits: readonly string[]): StealCause[] {
    const causes = STEALING.flatMap((state, index) =>
      [...this.#tallies[index]!].map(([detail, { count, total, worst }]): StealCause => {
        const byTask = state === VCPU_STATE.preempted || state === VCPU_STATE.waking;
        const cause = byTask ? taskName(host, detail) : (exits[detail] ?? UNKNOWN_REASON);
        return { state, cause, pid: byTask && detail !== UNKNOWN_PID ? detail : undefined, count, total, worst };
      }),
    );
    return causes.sort((a, b) => b.total - a.total);
  }
}

/** As in reports. */
function taskName(machine: MachineTracks, pid: number): string {
  return pid === 0 ? '<idle>' : (machine.tasks.nameOf(pid) ?? '<...>');
}

/** Times from leaving the guest to going back, as far as they are known. */
function exitsOf(vcpus: readonly Vcpu[], exits: readonly string[], until: number): ExitReason[] {
  const tallies = new Map<number, Tally>();
  for (const { cpu, columns } of vcpus) {
    const { starts, states, details } = columns;
    for (let place = 0; place < starts.length; place++) {
      if (states[place] !== VCPU_STATE.inHypervisor || isOutside(states[place - 1])) continue;
      const [reason, start] = [details[place] as number, starts[place] as number];
      // Not an exit, but a thread that runs after it was lost sight of.
      if (states[place - 1] !== VCPU_STATE.inGuest && reason < 0) continue;
      while (isOutside(states[place + 1])) place++;
      const tally = tallyOf(tallies, reason);
      tally.count++;
      tally.add(cpu, start, starts[place + 1] ?? until);
    }
  }
  const reasons = [...tallies].map(([reason, { count, total, worst }]) => ({
    ...{ reason: exits[reason] ?? UNKNOWN_REASON, count, total, worst },
  }));
  return reasons.sort((a, b) => b.total - a.total);
}

function wakeupsOf(guest: MachineTracks, vcpus: readonly Vcpu[], until: number): WakeupLatency[] {
  return guest.wakeups.worst.slice(0, MOST_WAKEUPS).map(({ pid, cpu, start, end }) => {
    const columns = vcpus.find((vcpu) => vcpu.cpu === cpu)?.columns;
    const hostPart = columns === undefined ? 0 : outsideWithin(columns, start, end, until);
    const comm = taskName(guest, pid);
    return { pid, comm, waking: { cpu, start, end }, hostPart, guestPart: end - start - hostPart };
  });
}

/** How much of an interval a vCPU is known not to be in the guest. */
function outsideWithin({ starts, states }: StateColumns, from: number, to: number, until: number): number {
  let sum = 0;
  for (let place = Math.max(0, lastAtOrBefore(starts, from)); place < starts.length; place++) {
    const start = starts[place] as number;
    if (start >= to) break;
    if (isOutside(states[place])) sum += Math.min(starts[place + 1] ?? until, to) - Math.max(start, from);
  }
  return sum;
}

/** Events that a story needs, any of each line. */
type Needed = readonly (readonly [system: string, ...names: string[]])[];

const HOST_EVENTS: Needed = [
  ['kvm', 'kvm_entry'],
  ['kvm', 'kvm_exit'],
  ['sched', 'sched_switch'],
  ['sched', 'sched_waking', 'sched_wakeup'],
];
const GUEST_EVENTS: Needed = HOST_EVENTS.filter(([system]) => system === 'sched');

/** What was not recorded, as options of `record`. */
function missingOf(machine: MachineTracks, needed: Needed): string[] {
  const missing = needed.filter(([system, ...names]) => !names.some((name) => machine.hasSeen(system, name)));
  return missing.map(([system, name]) => `-e ${system}:${name}`);
}
