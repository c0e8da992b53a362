import type { Burst } from '../sync/types.ts';
import type { BlockingLink } from './blocking-link.ts';
import type { SamplingThread } from './sampling-thread.ts';

/**
 * Awake, with real-time priority, a round trip on loopback takes 12 us, the machine idle or busy. Asleep it takes 20 to
 * 45 us, and with all CPUs busy now and then the milliseconds that a thread waits for its turn. The priority alone only
 * makes it worse: the scheduler then keeps both ends on CPUs of their own, which wake each other up. Staying awake
 * without it is the worst, as both ends use up their turns. The host's thread is not pinned: on the CPU of a loopback
 * guest, they would take turns.
 */
export function burst(thread: SamplingThread, link: BlockingLink): Burst {
  const awake = answeringBurst(thread, link);
  return (work) => {
    try {
      return awake(work);
    } finally {
      thread.relax();
    }
  };
}

/**
 * As `burst`, for the end that only answers: it keeps its priority, since the other end also waits for it to hear that
 * it is asked once more. Some kernels let other groups of threads keep ordinary ones waiting for seconds.
 */
export function answeringBurst(thread: SamplingThread, link: BlockingLink): Burst {
  return (work) => {
    link.isAwake = thread.hurry();
    try {
      return work();
    } finally {
      link.isAwake = false;
    }
  };
}
