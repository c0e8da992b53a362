import { setTimeout as sleep } from 'node:timers/promises';
import { TimeoutError } from './errors.ts';

const POLL_MS = 25;

/** Asks until there is an answer; a TimeoutError after `seconds`. An error of the question ends the waiting. */
export async function waitFor<T>(what: string, seconds: number, ask: () => T | undefined | Promise<T | undefined>) {
  const end = performance.now() + seconds * 1000;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > end) throw new TimeoutError(`${what}: nothing after ${seconds} s`);
    await sleep(POLL_MS);
  }
}
