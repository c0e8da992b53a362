/** One CPU of a guest: where its sub-buffers come from, and the file that takes them. */
export interface ReceiveTask {
  /** A connected socket, or a FIFO. */
  readonly fd: number;
  readonly outputPath: string;
}

/** What a worker is started with. */
export interface ReceiveJob {
  readonly tasks: readonly ReceiveTask[];
  /** Bytes received so far, one number per task, written by the worker only. */
  readonly received: Float64Array;
}

/** What a worker says. It ends when every sender has ended, or after it was told to stop. */
export type ReceiveMessage =
  /** All files are open. `stopFd` is the writing end of a pipe: closing it means take what is there, and end. */
  | { readonly type: 'ready'; readonly stopFd: number }
  /** What was received before it is in the files. */
  | { readonly type: 'failed'; readonly message: string };
