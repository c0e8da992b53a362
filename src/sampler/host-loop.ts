import { TandemError } from '../base/errors.ts';
import type { HostSide } from '../sync/types.ts';
import { CONTROL_STOP } from '../wire/time-sync/none.ts';
import type { BlockingLink } from './blocking-link.ts';
import type { StopSignal } from './stop-signal.ts';
import type { SamplerMessage } from './types.ts';

/** The host's part of a session: which guest, and how often. */
export interface HostLoop {
  readonly link: BlockingLink;
  readonly side: HostSide;
  readonly cpuCount: number;
  readonly intervalMs: number;
  readonly wantsProbes: boolean;
  readonly stop: StopSignal;
  readonly say: (message: SamplerMessage) => void;
}

/**
 * Measures in rounds until it is stopped, then once more. A measurement that fails does not end the others, as long
 * as messages can be told apart. Throws when the connection is no longer of use.
 */
export function measureRounds(loop: HostLoop): void {
  const { link, intervalMs, stop } = loop;
  for (let round = 0; ; round++) {
    // A stop that comes amid a round gets a round of its own.
    const isLast = stop.isSet;
    measureRound(loop, round);
    if (isLast) break;
    if (intervalMs === 0) stop.wait();
    else stop.wait(intervalMs);
  }
  link.sendControl(CONTROL_STOP, 0);
}

function measureRound({ link, side, cpuCount, wantsProbes, say }: HostLoop, round: number): void {
  const problems: string[] = [];
  let measured = 0;
  let broken: TandemError | undefined;
  for (let cpu = 0; cpu < cpuCount; cpu++) {
    try {
      if (link.state === 'silent') link.skipArrived();
      const measurement = side.measure(cpu);
      say({ type: 'measured', measurement: wantsProbes ? measurement : { ...measurement, probes: undefined } });
      measured++;
    } catch (error) {
      if (!(error instanceof TandemError)) throw error;
      problems.push(`CPU ${cpu} of the guest was not measured: ${error.message}`);
      broken = error;
      // Who keeps silent for one CPU does so for the others: no need to wait for each.
      if (link.state !== 'open') break;
      link.skipArrived();
    }
  }
  say({ type: 'round', round, measured, problems });
  if (link.state === 'gone' && broken !== undefined) throw broken;
}
