import { type Machine, mustExec } from './machine/machine.ts';

/**
 * Processes start and end, sleep and wake: something for a trace to hold, on all CPUs. Not much: in an emulated guest
 * trace-cmd's recorder falls behind at a few thousand events a second, and then leaves most of them in the kernel.
 */
const WORK = `work() { while [ -e /run/busy ]; do sleep 0.2; done; }
[ -e /run/busy ] && exit
touch /run/busy
for cpu in $(seq "$(nproc)"); do work >/dev/null 2>&1 & done`;

/** Keeps a guest busy until `stopWork`, or its end. */
export async function startWork(guest: Machine): Promise<void> {
  await mustExec(guest, WORK);
}

export async function stopWork(guest: Machine): Promise<void> {
  await guest.exec('rm -f /run/busy');
}

/** Keeps guests busy while something is done. */
export async function busy<T>(guests: readonly Machine[], whatToDo: () => Promise<T>): Promise<T> {
  for (const guest of guests) await startWork(guest);
  try {
    return await whatToDo();
  } finally {
    for (const guest of guests) await stopWork(guest);
  }
}
