import { readSync, writeSync } from 'node:fs';
import { pipe } from '../kernel/libc.ts';
import { POLLIN, pollAside } from '../kernel/sockets.ts';

/** struct pollfd: int fd, short events, short revents. */
const ENTRY_SIZE = 8;
/** So often the pool's thread is free for others, in case that it is the only one (UV_THREADPOOL_SIZE=1). */
const LONGEST_POLL_MS = 1000;

interface Waiter {
  readonly fd: number;
  readonly events: number;
  /** On performance.now()'s clock. */
  readonly deadline: number;
  readonly done: (found: number) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * Waits for any number of descriptors with one poll(2) call on one thread of Node's pool. A pipe among them wakes that
 * call up when somebody starts or stops waiting. While nobody waits there is no call, and the process may end.
 * For the main thread: a worker that is terminated has to wait for a call under way.
 */
export class PollLoop {
  readonly #waiters = new Set<Waiter>();
  #running = false;
  /** A call is under way that does not know of the latest change. */
  #polling = false;
  #wakeUp: { readonly readFd: number; readonly writeFd: number } | undefined;

  /**
   * Waits until `fd` is ready for one of `events` (POLLIN, POLLOUT), at most `timeoutMs`. Returns what poll(2) found:
   * a mask that may hold errors, too; 0 when the time has passed or `cancel` was called.
   */
  wait(fd: number, events: number, timeoutMs: number): Promise<number> {
    return new Promise((done, failed) => {
      this.#waiters.add({ fd, events, deadline: performance.now() + timeoutMs, done, failed });
      this.#changed();
    });
  }

  /** Ends all waiting for a descriptor, which must be done before it is closed. */
  cancel(fd: number): void {
    for (const waiter of this.#waiters) if (waiter.fd === fd) this.#finish(waiter, 0);
    this.#changed();
  }

  #finish(waiter: Waiter, found: number): void {
    this.#waiters.delete(waiter);
    waiter.done(found);
  }

  #changed(): void {
    if (this.#polling) this.#wake();
    else if (!this.#running) void this.#run();
  }

  #wake(): void {
    if (this.#polling && this.#wakeUp !== undefined) writeSync(this.#wakeUp.writeFd, '.');
    this.#polling = false; // once is enough
  }

  async #run(): Promise<void> {
    this.#running = true;
    await undefined; // what is asked for in the same turn goes into one call
    while (this.#waiters.size > 0) {
      const waiters = [...this.#waiters];
      try {
        const entries = await this.#poll(waiters);
        for (const [index, waiter] of waiters.entries()) this.#answer(waiter, foundIn(entries, index + 1));
      } catch (error) {
        for (const waiter of this.#waiters) waiter.failed(error);
        this.#waiters.clear();
      }
      await undefined; // who was waiting may want to go on waiting
    }
    this.#running = false;
  }

  #answer(waiter: Waiter, found: number): void {
    if (!this.#waiters.has(waiter)) return;
    if (found !== 0 || performance.now() >= waiter.deadline) this.#finish(waiter, found);
  }

  /** One call for the wake-up pipe and these waiters, in this order. */
  async #poll(waiters: readonly Waiter[]): Promise<DataView> {
    const { readFd } = this.#openWakeUp();
    const entries = new DataView(new ArrayBuffer(ENTRY_SIZE * (waiters.length + 1)));
    let deadline = performance.now() + LONGEST_POLL_MS;
    setEntry(entries, 0, readFd, POLLIN);
    for (const [index, waiter] of waiters.entries()) {
      setEntry(entries, index + 1, waiter.fd, waiter.events);
      deadline = Math.min(deadline, waiter.deadline);
    }
    this.#polling = true;
    try {
      await pollAside(
        entries.buffer as ArrayBuffer,
        waiters.length + 1,
        Math.max(0, Math.ceil(deadline - performance.now())),
      );
    } finally {
      this.#polling = false;
    }
    if (foundIn(entries, 0) !== 0) readSync(readFd, new Uint8Array(16));
    return entries;
  }

  /** The pipe stays for the life of the process, which would hang at its exit if a call were still under way then. */
  #openWakeUp(): { readonly readFd: number } {
    if (this.#wakeUp === undefined) {
      this.#wakeUp = pipe(4096);
      process.once('exit', () => this.#wake());
    }
    return this.#wakeUp;
  }
}

function setEntry(entries: DataView, index: number, fd: number, events: number): void {
  entries.setInt32(ENTRY_SIZE * index, fd, true);
  entries.setInt16(ENTRY_SIZE * index + 4, events, true);
}

function foundIn(entries: DataView, index: number): number {
  return entries.getInt16(ENTRY_SIZE * index + 6, true);
}

/** The one of this process. */
export const pollLoop = new PollLoop();
