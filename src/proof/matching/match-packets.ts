import { Corridor, type Limit } from '../../sync/estimators/corridor.ts';
import { type Runs, runAtOrAfter } from '../../sync/runs/runs.ts';
import type { Line } from '../../sync/runs/vote.ts';
import { MOST_DRIFT } from '../../time/drift.ts';
import type { Flows } from './packets.ts';

/*
 * A guest that sends a packet over virtio rings the device's doorbell, which makes its vCPU exit; the host has the
 * packet right after that. So the send lies in the vCPU's run that ended last before the packet was received: that
 * run's ends bound the offset from both sides, and no search is needed to know which run it is.
 */

/** A packet sent in one of the runs of its vCPU. Relative times. */
export interface MatchedPacket {
  /** Guest time. */
  readonly sent: number;
  /** Host times: kvm_entry and kvm_exit of the run. */
  readonly entry: number;
  readonly exit: number;
}

/**
 * The packets of all flows of which both ends show equally many. `runsOf`: of the guest's CPUs. A packet that was
 * received long after the exit, by a host that was busy, may be matched with a later run: `offsetByPackets` leaves that out.
 */
export function matchPackets(sent: Flows, received: Flows, runsOf: (cpu: number) => Runs | undefined): MatchedPacket[] {
  const matched: MatchedPacket[] = [];
  for (const [flow, sends] of sent) {
    const receives = received.get(flow);
    if (receives?.length !== sends.length) continue;
    for (const [i, { time, cpu }] of sends.entries()) {
      const runs = runsOf(cpu);
      const arrival = receives[i]?.time as number;
      if (runs === undefined) continue;
      const after = runAtOrAfter(runs, arrival);
      // The run that goes on at the arrival began after the doorbell's exit.
      const k = after - 1;
      if (k < 1) continue;
      matched.push({ sent: time, entry: runs.starts[k] as number, exit: runs.ends[k] as number });
    }
  }
  return matched.sort((a, b) => a.sent - b.sent);
}

/** An offset, and how far the truth can be from it. */
export interface PacketOffset {
  readonly line: Line;
  readonly bound: number;
  /** Packets that agree with it. */
  readonly packets: number;
}

const FEWEST = 3;
const MOST_PASSES = 8;

/**
 * The offset that the packets leave possible, at the time of the middle one. A wrong match is one with a later run, so
 * all exits bound the offset from above, and an entry counts unless it contradicts them. Undefined when fewer than
 * half of the packets, or than three, are left.
 */
export function offsetByPackets(packets: readonly MatchedPacket[]): PacketOffset | undefined {
  const time = packets[packets.length >> 1]?.sent;
  if (time === undefined) return undefined;
  const upper = packets.map(({ sent, exit }): Limit => ({ time: sent - time, value: exit - sent }));
  const lower = packets.map(({ sent, entry }): Limit => ({ time: sent - time, value: entry - sent }));
  let kept = lower;
  for (let pass = 0; pass < MOST_PASSES; pass++) {
    const corridor = new Corridor(upper, kept);
    const slope = corridor.widest(-MOST_DRIFT, MOST_DRIFT);
    const range = corridor.width(slope) >= 0 ? corridor.range(0, -MOST_DRIFT, MOST_DRIFT) : undefined;
    if (range !== undefined) {
      const offset = (corridor.top(0, slope) + corridor.bottom(0, slope)) / 2;
      const bound = Math.max(range.high - offset, offset - range.low);
      const isEnough = kept.length >= FEWEST && kept.length * 2 >= packets.length;
      return isEnough ? { line: { time, offset, rate: slope }, bound, packets: kept.length } : undefined;
    }
    kept = kept.filter((limit) => limit.value <= corridor.top(limit.time, slope));
  }
  return undefined;
}
