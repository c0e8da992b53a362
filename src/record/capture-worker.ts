import { parentPort } from 'node:worker_threads';
import { captureUntilStopped } from './capture-loop.ts';
import type { CaptureJob, CaptureMessage } from './capture-types.ts';

/* The thread of a capture: takes one job, and ends with it. */

parentPort?.once('message', (job: CaptureJob) => {
  const say = (message: CaptureMessage): void => parentPort?.postMessage(message);
  try {
    captureUntilStopped(job, (stopFd, giveUpFd) => say({ type: 'ready', stopFd, giveUpFd }));
  } catch (error) {
    say({ type: 'failed', message: (error as Error).message });
  }
  parentPort?.close();
});
