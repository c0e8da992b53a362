import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_MS = 2;
const PATIENCE_MS = 60_000;

/** Waits until something is so. Throws when it is not for a minute: a busy machine may take its time. */
export async function until(isSo: () => boolean): Promise<void> {
  for (const end = performance.now() + PATIENCE_MS; !isSo(); await sleep(LOOK_MS)) {
    if (performance.now() > end) throw new Error(`never: ${isSo}`);
  }
}
