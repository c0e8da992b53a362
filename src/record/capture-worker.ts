import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { PollSet, pipe, splice, spliceNow } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';
import type { CaptureMessage, CaptureTask, CaptureWorkerData } from './capture-types.ts';

/*
 * One thread serves many CPUs. Sub-buffers go from the kernel's ring buffer through a pipe into the file by splice:
 * the kernel moves pages, this program sees none of their bytes. Only what is left at the end, a part of one
 * sub-buffer per CPU, is copied.
 */

/** Pages that one splice can move: what the pipe between holds. */
const PIPE_BYTES = 1 << 20;
/** How often a thread that waits looks for the stop signal's sake, should poll(2) not tell. */
const POLL_TIMEOUT_MS = 1000;

const { tasks, options, stopFd, captured } = workerData as CaptureWorkerData;
const say = (message: CaptureMessage): void => parentPort?.postMessage(message);

/** An open task: the two ends that splice joins. */
interface Channel {
  readonly task: CaptureTask;
  readonly index: number;
  readonly rawFd: number;
  readonly outputFd: number;
}

function open(task: CaptureTask, index: number): Channel {
  try {
    const rawFd = openSync(task.rawPath, constants.O_RDONLY | constants.O_NONBLOCK);
    return { task, index, rawFd, outputFd: openSync(task.outputPath, 'w', 0o600) };
  } catch (error) {
    throw fsError(error, `CPU ${task.cpu}`, `${(error as NodeJS.ErrnoException).path} can not be opened`);
  }
}

/** Moves whole sub-buffers until the ring buffer has none. */
function drain(channel: Channel, between: { readFd: number; writeFd: number }): void {
  const { rawFd, outputFd, task, index } = channel;
  for (;;) {
    const taken = spliceNow(rawFd, between.writeFd, PIPE_BYTES, task.rawPath);
    if (taken <= 0) return;
    for (let left = taken; left > 0; ) left -= splice(between.readFd, outputFd, left, task.outputPath);
    captured[index] = (captured[index] as number) + taken;
  }
}

/** Copies what splice does not move: the sub-buffer that is not full yet. */
function drainRest(channel: Channel): void {
  const { rawFd, outputFd, task, index } = channel;
  const subBuffer = new Uint8Array(task.subBufferSize);
  for (;;) {
    let length: number;
    try {
      length = readSync(rawFd, subBuffer, 0, subBuffer.length, null);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return;
      throw fsError(error, task.rawPath, 'can not be read');
    }
    if (length === 0) return;
    subBuffer.fill(0, length);
    writeAll(outputFd, subBuffer, task.outputPath);
    captured[index] = (captured[index] as number) + subBuffer.length;
  }
}

function writeAll(fd: number, bytes: Uint8Array, path: string): void {
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(fd, bytes, written);
  } catch (error) {
    throw fsError(error, path, 'can not be written');
  }
}

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

/** Captures until the stop pipe speaks, then takes what is left. */
function capture(channels: readonly Channel[]): void {
  const between = pipe(PIPE_BYTES);
  const stop = new PollSet([stopFd]);
  const readable = new PollSet([stopFd, ...channels.map(({ rawFd }) => rawFd)]);
  const interval = options.poll ? 1 : options.sleepMicroseconds / 1000;
  for (;;) {
    if (interval > 0) {
      sleep(interval);
      if (stop.wait(0) > 0) break;
      for (const channel of channels) drain(channel, between);
    } else {
      readable.wait(POLL_TIMEOUT_MS);
      if (readable.ready(0) !== 0) break;
      for (const [at, channel] of channels.entries()) if (readable.ready(at + 1) !== 0) drain(channel, between);
    }
  }
  for (const channel of channels) {
    drain(channel, between);
    drainRest(channel);
  }
  closeSync(between.readFd);
  closeSync(between.writeFd);
}

try {
  const channels = tasks.map(open);
  say({ type: 'ready' });
  capture(channels);
  for (const { rawFd, outputFd } of channels) {
    closeSync(rawFd);
    closeSync(outputFd);
  }
  say({ type: 'done', bytes: [...captured] });
} catch (error) {
  say({ type: 'failed', message: (error as Error).message });
}
