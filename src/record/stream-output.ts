import { fstatSync, readSync, writeSync } from 'node:fs';
import { PollSet, setBlocking, spliceNow } from '../kernel/libc.ts';
import { fsError, OsError } from '../kernel/os-error.ts';
import type { CaptureOutput } from './capture-output.ts';

/** Small enough for a slow line to show that it moves. */
const BLOCK_BYTES = 1 << 18;
/** A peer that is not there any more, in the words of sockets, FIFOs and ports. */
const GONE = ['EPIPE', 'ECONNRESET', 'ENOTCONN', 'ETIMEDOUT', 'ENODEV'];

/**
 * A socket, FIFO or port that takes one CPU's sub-buffers, as fast as its reader reads. When nobody is there any more,
 * or waiting for the reader was given up, the rest is thrown away.
 */
export class StreamOutput implements CaptureOutput {
  readonly room = BLOCK_BYTES;
  readonly #fd: number;
  readonly #text: string;
  readonly #ready: PollSet;
  /**
   * Bytes on their way where the kernel can't splice to such a descriptor; and where it must not: in a FIFO would lie the
   * ring buffer's own pages, which the kernel still believes to be a buffer's when that is gone. It crashed (6.18).
   */
  #copy: Uint8Array | undefined;
  #isGone = false;

  /** `text` names it; `giveUpFd` is readable when waiting shall end. The descriptor does not block afterwards. */
  constructor(fd: number, text: string, giveUpFd: number) {
    this.#fd = fd;
    this.#text = text;
    setBlocking(fd, false);
    if (fstatSync(fd).isFIFO()) this.#copy = new Uint8Array(BLOCK_BYTES);
    this.#ready = new PollSet([giveUpFd, fd], [PollSet.IN, PollSet.OUT]);
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  take(pipeFd: number, length: number): void {
    let left = length;
    while (left > 0 && !this.#isGone && this.#copy === undefined) {
      try {
        const moved = spliceNow(pipeFd, this.#fd, left, this.#text);
        if (moved === -1) this.#wait();
        else left -= moved;
      } catch (error) {
        if (error instanceof OsError && error.errno === 'EINVAL') this.#copy = new Uint8Array(BLOCK_BYTES);
        else this.#lose(error);
      }
    }
    if (left > 0) this.#takeByCopy(pipeFd, left);
  }

  #takeByCopy(pipeFd: number, length: number): void {
    const copy = this.#copy ?? new Uint8Array(length);
    for (let left = length; left > 0; ) {
      const count = readSync(pipeFd, copy, 0, Math.min(left, copy.length), null);
      this.write(copy.subarray(0, count));
      left -= count;
    }
  }

  write(bytes: Uint8Array): void {
    for (let done = 0; done < bytes.length && !this.#isGone; ) {
      try {
        done += writeSync(this.#fd, bytes, done);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EAGAIN') this.#wait();
        else this.#lose(fsError(error, this.#text, 'can not be written'));
      }
    }
  }

  #wait(): void {
    this.#ready.wait(-1);
    if (this.#ready.ready(0) !== 0) this.#isGone = true;
  }

  #lose(error: unknown): void {
    if (!(error instanceof OsError && GONE.includes(error.errno))) throw error;
    this.#isGone = true;
  }

  /** It belongs to who opened it. */
  close(): void {}
}
