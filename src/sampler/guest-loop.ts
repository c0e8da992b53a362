import { TandemError } from '../base/errors.ts';
import type { GuestSide } from '../sync/types.ts';
import { CONTROL_PROBE, CONTROL_STOP, readControlProbe } from '../wire/time-sync/none.ts';
import type { BlockingLink } from './blocking-link.ts';
import type { SamplingThread } from './sampling-thread.ts';
import type { SamplerMessage } from './types.ts';

export interface GuestLoop {
  readonly link: BlockingLink;
  readonly side: GuestSide;
  readonly thread: SamplingThread;
  readonly say: (message: SamplerMessage) => void;
}

/**
 * Does the guest's part of each measurement that the host asks for, until the host stops it or leaves. A measurement
 * that fails does not end the others. Throws when the connection is no longer of use.
 */
export function answerMeasurements({ link, side, thread, say }: GuestLoop): void {
  const told = new Set<string>();
  const tell = (problem: string): void => {
    if (!told.has(problem)) say({ type: 'problem', problem });
    told.add(problem);
  };
  for (;;) {
    const id = link.receiveControl();
    if (id === -1) throw new TandemError('PEER', link.peer, 'closed the time sync connection before it was stopped');
    const length = link.payload();
    if (id === CONTROL_STOP) return;
    const cpu = id === CONTROL_PROBE ? readControlProbe(link.input, 0, length) : -1;
    if (cpu === -1) throw new TandemError('PEER', link.peer, `sent control message ${id} of ${length} bytes`);
    const unpinned = thread.pin(cpu);
    if (unpinned !== undefined) tell(`CPU ${cpu} was measured from another CPU: ${unpinned}`);
    try {
      side.answer(cpu);
    } catch (error) {
      if (!(error instanceof TandemError) || link.state === 'gone') throw error;
      tell(`CPU ${cpu} was not measured: ${error.message}`);
    } finally {
      thread.unpin();
    }
  }
}
