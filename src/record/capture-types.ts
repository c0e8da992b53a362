/** One CPU of one ring buffer, and what takes its sub-buffers: a file, or a stream. */
export interface CaptureTask {
  /** Name of the buffer: empty for the top one. */
  readonly buffer: string;
  readonly cpu: number;
  /** trace_pipe_raw of that CPU. */
  readonly rawPath: string;
  /** The file. Of a stream its name for messages. */
  readonly outputPath: string;
  /** A socket or FIFO that is open already, and stays open. */
  readonly outputFd?: number | undefined;
  /** Bytes of a sub-buffer of that ring buffer. */
  readonly subBufferSize: number;
}

export interface CaptureOptions {
  /** Microseconds to sleep between looks at the buffers; 0: wait until one has filled to its buffer_percent. */
  readonly sleepMicroseconds: number;
  /** Never block in the kernel: look, and sleep 1 ms when there is nothing (`--poll`). */
  readonly poll: boolean;
  /** Keep only about the last bytes of each CPU, between this and half of it; 0: everything (`-m`). */
  readonly maximumBytes: number;
  /** SCHED_FIFO priority of the threads; 0: none; undefined: the lowest, where that is allowed (`-r`). */
  readonly realTimePriority: number | undefined;
}

/** What a worker is to do. */
export interface CaptureJob {
  readonly tasks: readonly CaptureTask[];
  readonly options: CaptureOptions;
  /** Bytes captured so far, one number per task, written by the worker only. */
  readonly captured: Float64Array;
}

/** What a worker says. It ends when all data is in its files. */
export type CaptureMessage =
  /** All files are open. Both are writing ends of pipes: closing `stopFd` means stop, `giveUpFd` wait for no reader. */
  | { readonly type: 'ready'; readonly stopFd: number; readonly giveUpFd: number }
  /** Something failed; what was captured before it is in the files. */
  | { readonly type: 'failed'; readonly message: string };
