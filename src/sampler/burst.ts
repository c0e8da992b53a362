import type { BlockingLink } from './blocking-link.ts';
import type { SamplingThread } from './sampling-thread.ts';

/** Does a measurement, or the guest's part of it, as the protocol wants it done. */
export type Burst = <T>(work: () => T) => T;

export function burst(thread: SamplingThread, link: BlockingLink, staysAwake: boolean): Burst {
  if (!staysAwake) return (work) => work();
  return (work) => {
    link.isAwake = thread.hurry();
    try {
      return work();
    } finally {
      link.isAwake = false;
      thread.relax();
    }
  };
}
