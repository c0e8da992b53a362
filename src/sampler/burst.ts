import type { BlockingLink } from './blocking-link.ts';
import type { SamplingThread } from './sampling-thread.ts';

/** Does a measurement, or the guest's part of it, as the protocol wants it done. */
export type Burst = <T>(work: () => T) => T;

/**
 * Awake, with real-time priority, a round trip on loopback takes 12 us, the machine idle or busy. Asleep it takes 20 to
 * 45 us, and with all CPUs busy now and then the milliseconds that a thread waits for its turn. The priority alone only
 * makes it worse: the scheduler then keeps both ends on CPUs of their own, which wake each other up. Staying awake
 * without it is the worst, as both ends use up their turns. The host's thread is not pinned: on the CPU of a loopback
 * guest, they would take turns.
 */
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
