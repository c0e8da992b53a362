import { closeSync, openSync, writeSync } from 'node:fs';
import { closeDescriptor, PollSet, pipe, setBlocking, splice, spliceNow } from '../../kernel/libc.ts';
import { fsError, OsError } from '../../kernel/os-error.ts';
import { receiveNow } from '../../kernel/sockets.ts';
import type { ReceiveJob, ReceiveTask } from './receive-types.ts';

/** What the pipe between socket and file holds. */
const PIPE_BYTES = 1 << 20;
const STOP_PIPE_BYTES = 4096;
const COPY_BYTES = 1 << 18;

type Pipe = ReturnType<typeof pipe>;

/** An open task. */
interface Channel {
  readonly task: ReceiveTask;
  readonly index: number;
  readonly outputFd: number;
  isOpen: boolean;
}

/**
 * Takes what guests send into files, without a copy of it in this program where the kernel can splice. Ends when all
 * senders have ended, or the descriptor that `ready` is given was closed and nothing more is there.
 */
export function receiveAll({ tasks, received }: ReceiveJob, ready: (stopFd: number) => void): void {
  const channels = tasks.map((task, index): Channel => ({ task, index, outputFd: create(task), isOpen: true }));
  // splice waits on a socket that blocks, whatever its flags say.
  for (const { fd } of tasks) setBlocking(fd, false);
  const stop = pipe(STOP_PIPE_BYTES);
  ready(stop.writeFd);
  const mover = new Mover(received);
  try {
    const readable = new PollSet([stop.readFd, ...tasks.map(({ fd }) => fd)]);
    while (readable.ready(0) === 0 && channels.some(({ isOpen }) => isOpen)) {
      readable.wait(-1);
      for (const channel of channels) {
        if (readable.ready(channel.index + 1) === 0 || !channel.isOpen) continue;
        channel.isOpen = mover.move(channel);
        if (!channel.isOpen) readable.ignore(channel.index + 1);
      }
    }
    for (const channel of channels) if (channel.isOpen) mover.move(channel);
  } finally {
    mover.close();
    closeDescriptor(stop.readFd);
    for (const { outputFd } of channels) closeSync(outputFd);
  }
}

function create({ outputPath }: ReceiveTask): number {
  try {
    return openSync(outputPath, 'w', 0o600);
  } catch (error) {
    throw fsError(error, outputPath, 'can not be written');
  }
}

/** Moves what has arrived. */
class Mover {
  readonly #between: Pipe = pipe(PIPE_BYTES);
  readonly #received: Float64Array;
  /** Bytes on their way where the kernel can't splice from such a descriptor. */
  #copy: Uint8Array | undefined;

  constructor(received: Float64Array) {
    this.#received = received;
  }

  /** Takes all that is there. Returns whether more may come. */
  move(channel: Channel): boolean {
    const { fd, outputPath } = channel.task;
    for (;;) {
      let taken: number;
      try {
        taken = this.#copy ? this.#copyNow(channel) : spliceNow(fd, this.#between.writeFd, PIPE_BYTES, outputPath);
      } catch (error) {
        if (error instanceof OsError && error.errno === 'ECONNRESET') return false;
        if (!(error instanceof OsError && error.errno === 'EINVAL') || this.#copy) throw error;
        this.#copy = new Uint8Array(COPY_BYTES);
        continue;
      }
      if (taken === -1) return true;
      if (taken === 0) return false;
      for (let left = this.#copy ? 0 : taken; left > 0; ) {
        left -= splice(this.#between.readFd, channel.outputFd, left, outputPath);
      }
      this.#received[channel.index] = (this.#received[channel.index] as number) + taken;
    }
  }

  #copyNow({ task, outputFd }: Channel): number {
    const copy = this.#copy as Uint8Array;
    const count = receiveNow(task.fd, copy, task.outputPath);
    try {
      for (let done = 0; done < count; ) done += writeSync(outputFd, copy, done, count - done);
    } catch (error) {
      throw fsError(error, task.outputPath, 'can not be written');
    }
    return count;
  }

  close(): void {
    closeDescriptor(this.#between.readFd);
    closeDescriptor(this.#between.writeFd);
  }
}
