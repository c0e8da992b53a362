import { parentPort, workerData } from 'node:worker_threads';
import { receiveAll } from './receive-loop.ts';
import type { ReceiveJob, ReceiveMessage } from './receive-types.ts';

/* The thread behind a `Receiver`. */

const say = (message: ReceiveMessage): void => parentPort?.postMessage(message);

try {
  receiveAll(workerData as ReceiveJob, (stopFd) => say({ type: 'ready', stopFd }));
} catch (error) {
  say({ type: 'failed', message: (error as Error).message });
}
