/** One CPU of one ring buffer, and the file that takes its sub-buffers. */
export interface CaptureTask {
  readonly cpu: number;
  /** trace_pipe_raw of that CPU. */
  readonly rawPath: string;
  readonly outputPath: string;
  /** Bytes of a sub-buffer of that ring buffer. */
  readonly subBufferSize: number;
}

export interface CaptureOptions {
  /**
   * Microseconds to sleep between looks at the buffers; 0: wait until the kernel says that a buffer has filled to
   * its buffer_percent.
   */
  readonly sleepMicroseconds: number;
  /** Never block in the kernel: look, and sleep 1 ms when there is nothing (`--poll`). */
  readonly poll: boolean;
  /** Keep only about the last bytes of each CPU; 0: everything (`-m`). */
  readonly maximumBytes: number;
}

/** What a worker is started with. */
export interface CaptureWorkerData {
  readonly tasks: readonly CaptureTask[];
  readonly options: CaptureOptions;
  /** Reading end of a pipe: a byte in it, or its end, means stop. */
  readonly stopFd: number;
  /** Bytes captured so far, one number per task, written by the worker only. */
  readonly captured: Float64Array;
}

/** What a worker says. `ready`: all files are open. `done`: all data is in them. */
export type CaptureMessage =
  | { readonly type: 'ready' }
  | { readonly type: 'done'; readonly bytes: readonly number[] }
  /** Something failed; what was captured before it is in the files. */
  | { readonly type: 'failed'; readonly message: string };
