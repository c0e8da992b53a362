import { Worker } from 'node:worker_threads';
import { TandemError } from '../../base/errors.ts';
import { closeDescriptor } from '../../kernel/libc.ts';
import type { ReceiveJob, ReceiveMessage, ReceiveTask } from './receive-types.ts';

/** A thread that takes a guest's sub-buffers into one file per CPU. */
export class Receiver {
  readonly tasks: readonly ReceiveTask[];
  /** Resolves when all files are open. */
  readonly ready: Promise<void>;
  /** Resolves when the thread has ended, with what went wrong if something did. The descriptors stay open. */
  readonly ended: Promise<string | undefined>;
  readonly #received: Float64Array;
  #stopFd = -1;
  #isStopped = false;

  constructor(tasks: readonly ReceiveTask[]) {
    this.tasks = tasks;
    this.#received = new Float64Array(new SharedArrayBuffer(8 * tasks.length));
    const job: ReceiveJob = { tasks, received: this.#received };
    const worker = new Worker(new URL('./receive-worker.js', import.meta.url), { workerData: job });
    let problem: string | undefined;
    this.ready = new Promise((resolve, reject) => {
      worker.on('message', (message: ReceiveMessage) => {
        if (message.type === 'failed') {
          problem = message.message;
          return;
        }
        this.#stopFd = message.stopFd;
        if (this.#isStopped) this.#closeStop();
        resolve();
      });
      worker.on('error', (error) => {
        problem = `the thread that takes its data crashed: ${error.message}`;
      });
      worker.on('exit', () => reject(new TandemError('IO', 'guest', problem ?? 'the thread for its data ended early')));
    });
    this.ready.catch(() => {}); // whoever awaits it is told; nobody does after the start
    this.ended = new Promise((resolve) => worker.on('exit', () => resolve(problem)));
  }

  /** Bytes received so far. */
  get bytes(): number {
    return this.#received.reduce((sum, bytes) => sum + bytes, 0);
  }

  /** Has it take what is there, and end. */
  stop(): void {
    this.#isStopped = true;
    this.#closeStop();
  }

  #closeStop(): void {
    if (this.#stopFd >= 0) closeDescriptor(this.#stopFd);
    this.#stopFd = -1;
  }
}
