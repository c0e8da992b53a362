import { existsSync, statSync, truncateSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { closeDescriptor } from '../kernel/libc.ts';
import type { CaptureThreads } from './capture-threads.ts';
import type { CaptureJob, CaptureMessage, CaptureOptions, CaptureTask } from './capture-types.ts';

/** The kernel does the moving: one thread keeps up with many CPUs, two with hundreds. Each costs time to start. */
const CPUS_PER_THREAD = 8;
const MOST_THREADS = 2;

/** One worker and the promises of its life: its files are open, and it has ended. */
interface CaptureWorker {
  readonly tasks: readonly CaptureTask[];
  readonly captured: Float64Array;
  readonly ready: Promise<void>;
  /** Resolves with the reason when it failed, also when it failed before it was ready. */
  readonly ended: Promise<string | undefined>;
  /** Has it take what is left and end, as soon as it is ready. */
  stop(): void;
  /** Has it wait no longer for anybody who reads. */
  giveUp(): void;
}

/** What a capture left in its files, in whole sub-buffers. */
export interface CaptureResult {
  readonly cpus: readonly { readonly task: CaptureTask; readonly bytes: number }[];
  /** One line for each worker that failed; its files hold what it had captured by then. */
  readonly problems: readonly string[];
}

/**
 * Per-CPU capture of ring buffers into files, in worker threads. Start it before tracing is switched on, stop it
 * after tracing is off: what is in the ring buffers then is taken as well.
 */
export class Capture {
  readonly #workers: readonly CaptureWorker[];

  private constructor(workers: readonly CaptureWorker[]) {
    this.#workers = workers;
  }

  /** Resolves when every buffer and every output file is open. Rejects with the first failure, all workers stopped. */
  static async start(
    threads: CaptureThreads,
    tasks: readonly CaptureTask[],
    options: CaptureOptions,
  ): Promise<Capture> {
    const capture = new Capture(sharesOf(tasks).map((share) => startWorker(threads, share, options)));
    try {
      await Promise.all(capture.#workers.map((worker) => worker.ready));
      return capture;
    } catch (error) {
      await capture.stop();
      throw error;
    }
  }

  /** Bytes captured so far per CPU number, over all buffers. */
  progress(): ReadonlyMap<number, number> {
    const bytes = new Map<number, number>();
    for (const { tasks, captured } of this.#workers) {
      for (const [index, { cpu }] of tasks.entries()) {
        bytes.set(cpu, (bytes.get(cpu) ?? 0) + (captured[index] as number));
      }
    }
    return bytes;
  }

  /** Resolves with the reason as soon as a worker fails; never when all go on. For a session that must not go on deaf. */
  failure(): Promise<string> {
    return new Promise((resolve) => {
      for (const worker of this.#workers) {
        void worker.ended.then((problem) => {
          if (problem !== undefined) resolve(problem);
        });
      }
    });
  }

  /** Ends all waiting for those who read streams: what they have not taken by now is lost. */
  giveUp(): void {
    for (const worker of this.#workers) worker.giveUp();
  }

  /** Takes what is left in the buffers and closes the files. */
  async stop(): Promise<CaptureResult> {
    for (const worker of this.#workers) worker.stop();
    const problems = await Promise.all(this.#workers.map((worker) => worker.ended));
    return {
      cpus: this.#workers.flatMap(({ tasks, captured }) =>
        tasks.map((task, index) => ({
          task,
          bytes: task.outputFd === undefined ? wholeSubBuffers(task) : (captured[index] as number),
        })),
      ),
      problems: problems.filter((problem) => problem !== undefined),
    };
  }
}

/** Cuts off the part of a sub-buffer that a full disk left. Returns the bytes of the file. */
function wholeSubBuffers({ outputPath, subBufferSize }: CaptureTask): number {
  if (!existsSync(outputPath)) return 0;
  const { size } = statSync(outputPath);
  const whole = size - (size % subBufferSize);
  if (whole < size) truncateSync(outputPath, whole);
  return whole;
}

/** What each thread does: CPUs of every buffer, so that all are as busy. */
export function sharesOf(tasks: readonly CaptureTask[]): CaptureTask[][] {
  const threads = Math.min(MOST_THREADS, Math.ceil(tasks.length / CPUS_PER_THREAD));
  return Array.from({ length: threads }, (_, thread) => tasks.filter((_task, at) => at % threads === thread));
}

function startWorker(threads: CaptureThreads, tasks: readonly CaptureTask[], options: CaptureOptions): CaptureWorker {
  const captured = new Float64Array(new SharedArrayBuffer(8 * tasks.length));
  const worker = threads.take();
  const job: CaptureJob = { tasks, options, captured };
  worker.postMessage(job);
  let problem: string | undefined;
  const [stop, giveUp] = [new PipeEnd(), new PipeEnd()];
  const ready = new Promise<void>((resolve, reject) => {
    worker.on('message', (message: CaptureMessage) => {
      if (message.type === 'ready') {
        stop.opened(message.stopFd);
        giveUp.opened(message.giveUpFd);
        resolve();
      }
      if (message.type === 'failed') problem = message.message;
    });
    worker.on('error', (error) => {
      problem = `a capture thread crashed: ${error.message}`;
    });
    worker.on('exit', () => reject(new TandemError('IO', 'capture', problem ?? 'a capture thread ended early')));
  });
  ready.catch(() => {}); // whoever awaits it is told; nobody does after the start
  const ended = new Promise<string | undefined>((resolve) =>
    worker.on('exit', () => {
      for (const end of [stop, giveUp]) end.close();
      resolve(problem);
    }),
  );
  return { tasks, captured, ready, ended, stop: () => stop.close(), giveUp: () => giveUp.close() };
}

/** The writing end of a pipe, to be closed once it is there. */
class PipeEnd {
  #fd = -1;
  #isClosed = false;

  opened(fd: number): void {
    this.#fd = fd;
    if (this.#isClosed) this.close();
  }

  close(): void {
    this.#isClosed = true;
    if (this.#fd >= 0) closeDescriptor(this.#fd);
    this.#fd = -1;
  }
}
