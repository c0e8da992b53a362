import { Worker } from 'node:worker_threads';

/**
 * Threads for a capture, started ahead of it: until one is up takes longer than to set the kernel up. They wait for
 * what to do, and do not keep the program alive meanwhile.
 */
export class CaptureThreads {
  readonly #idle: Worker[] = [startThread()];

  /** Has one ready for the next recording, too. */
  prepare(): void {
    if (this.#idle.length === 0) this.#idle.push(startThread());
  }

  /** A thread that has nothing to do yet. */
  take(): Worker {
    const worker = this.#idle.pop() ?? startThread();
    worker.ref();
    return worker;
  }
}

function startThread(): Worker {
  const worker = new Worker(new URL('./capture-worker.js', import.meta.url));
  worker.unref();
  return worker;
}
