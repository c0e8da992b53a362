import type { Machine } from './machine/machine.ts';

/**
 * Processes start and end, sleep and wake: something for a trace to hold, on all CPUs. Not much: in an emulated guest
 * trace-cmd's recorder falls behind at a few thousand events a second, and then leaves most of them in the kernel.
 */
const WORK = `work() { while [ -e /run/busy ]; do sleep 0.2; done; }
touch /run/busy
for cpu in $(seq "$(nproc)"); do work & done
wait`;
const MOST_SECONDS = 600;

/** Keeps a guest busy while something is done. */
export async function busy<T>(guest: Machine, whatToDo: () => Promise<T>): Promise<T> {
  const working = guest.exec(WORK, { seconds: MOST_SECONDS });
  try {
    return await whatToDo();
  } finally {
    await guest.exec('rm -f /run/busy').catch(() => {});
    await working.catch(() => {});
  }
}
