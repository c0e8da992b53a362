import { LabError } from '../errors.ts';
import { type Machine, mustExec } from '../machine/machine.ts';
import { fittedLine, type Moment } from './fitted-line.ts';
import type { TrueTime } from './sync-error.ts';

/** Two moments: between them both clocks run evenly. */
export type ClockRelation = readonly [Moment, Moment];

/** Forks in each direction: each gives one event in both instances. */
const FORKS = 40;
const ROUNDS = 2;
const SECONDS = 180;

/*
 * One event, recorded by two instances whose clocks differ, gives a stamp of both clocks. The instance that is enabled
 * later stamps later; the other way round the difference has the other sign, and the mean of both has none.
 */
const script = (clock: string): string => `cd /sys/kernel/tracing/instances || exit
rmdir lab-tsc lab-clock 2>/dev/null
mkdir lab-tsc lab-clock
trap 'rmdir lab-tsc lab-clock' EXIT
fork=events/sched/sched_process_fork/enable
echo x86-tsc >lab-tsc/trace_clock
echo ${clock} >lab-clock/trace_clock
round() {
  echo >"$1/trace"; echo >"$2/trace"
  echo 1 >"$1/$fork"; echo 1 >"$2/$fork"
  for one in $(seq ${FORKS}); do (:); done
  echo 0 >"$1/$fork"; echo 0 >"$2/$fork"
  for one in tsc clock; do echo "= $one"; grep sched_process_fork: "lab-$one/trace"; done
}
round lab-tsc lab-clock
round lab-clock lab-tsc`;

/** One moment of a machine's TSC and a trace clock that counts ns. */
export async function clockMoment(machine: Machine, clock: string): Promise<Moment> {
  const parts = (await mustExec(machine, script(clock), { seconds: SECONDS })).split(/^= /m).slice(1);
  if (parts.length !== 2 * ROUNDS) throw new LabError(`${machine.name}: no stamps of the clock ${clock}`);
  const stamps = parts.map(stampsOf);
  const rounds = [joined(stamps[0]!, stamps[1]!), joined(stamps[2]!, stamps[3]!)];
  const all = rounds.flat();
  const tsc = all.reduce((sum, one) => sum + one.tsc, 0n) / BigInt(all.length);
  const base = all[0]!.clock;
  const lines = rounds.map((moments) => fittedLine(enough(moments), tsc, base));
  return { tsc, clock: base + BigInt(Math.round((lines[0]! + lines[1]!) / 2)) };
}

const LINE = /\]\s+\S+\s+([\d.]+): sched_process_fork: .*child_pid=(\d+)/;

/** Stamps by the process that was made. Times in seconds have six digits, rounded: the mean of many is better. */
function stampsOf(text: string): Map<string, bigint> {
  const stamps = new Map<string, bigint>();
  for (const line of text.split('\n')) {
    const [, time, pid] = LINE.exec(line) ?? [];
    if (!time || !pid) continue;
    const [whole, fraction] = time.split('.') as [string, string?];
    stamps.set(pid, fraction === undefined ? BigInt(whole) : BigInt(`${whole}${fraction}`) * 1000n);
  }
  return stamps;
}

function joined(tscs: ReadonlyMap<string, bigint>, clocks: ReadonlyMap<string, bigint>): Moment[] {
  return [...tscs].flatMap(([pid, tsc]) => {
    const clock = clocks.get(pid);
    return clock === undefined ? [] : [{ tsc, clock }];
  });
}

function enough(moments: readonly Moment[]): readonly Moment[] {
  if (moments.length >= FORKS / 2) return moments;
  throw new LabError(`only ${moments.length} of ${FORKS} forks were recorded twice`);
}

/**
 * What guest times really are in host time, where KVM adds `offset` to the host's TSC for the guest's. The relations
 * tell how the recorded clock goes with the TSC in both.
 */
export function trueTime(guest: ClockRelation, host: ClockRelation, offset: bigint): TrueTime {
  const [inGuest, inHost] = [guest, host].map(([{ tsc, clock }, later]) => ({
    tsc,
    clock,
    ticks: Number(later.tsc - tsc) / Number(later.clock - clock),
  })) as [Line, Line];
  return (time) => {
    const guestTsc = inGuest.tsc + BigInt(Math.round(Number(time - inGuest.clock) * inGuest.ticks));
    const ticks = Number(guestTsc - offset - inHost.tsc);
    return inHost.clock + BigInt(Math.round(ticks / inHost.ticks));
  };
}

/** A moment, and how many ticks of the TSC go into one of the clock. */
interface Line extends Moment {
  readonly ticks: number;
}
