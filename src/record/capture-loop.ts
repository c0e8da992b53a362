import { closeSync, constants, openSync, readSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { closeDescriptor, PollSet, pipe, setRealTimePriority, spliceNow } from '../kernel/libc.ts';
import { fsError, OsError } from '../kernel/os-error.ts';
import { type CaptureOutput, FileOutput } from './capture-output.ts';
import type { CaptureJob, CaptureOptions, CaptureTask } from './capture-types.ts';
import { StreamOutput } from './stream-output.ts';

/*
 * One thread serves many CPUs. Sub-buffers go from the kernel's ring buffer through a pipe into the output by splice:
 * the kernel moves pages, this program sees none of their bytes. Only what is left at the end, a part of one
 * sub-buffer per CPU, is copied.
 */

/** Pages that one splice can move: what the pipe between holds. */
const PIPE_BYTES = 1 << 20;
const LEAST_PIPE_BYTES = 4096;
/** A buffer that fills slowly is emptied so often, so that a crash loses no more than that. */
const LONGEST_WAIT_MS = 1000;
const POLL_SLEEP_MS = 1;
const LOWEST_REAL_TIME = 1;

/** An open task: the two ends that splice joins. */
interface Channel {
  readonly task: CaptureTask;
  readonly index: number;
  readonly rawFd: number;
  readonly output: CaptureOutput;
  /** The job's counts of bytes. */
  readonly captured: Float64Array;
}

type Pipe = ReturnType<typeof pipe>;

/**
 * Does a job: captures until the first descriptor that `ready` is given is closed, then takes what is left. Closing the
 * second one ends any waiting for who reads a stream. `ready` is called when all files are open. Throws when a stream
 * lost its reader, after everything else is done.
 */
export function captureUntilStopped(
  { tasks, options, captured }: CaptureJob,
  ready: (stopFd: number, giveUpFd: number) => void,
): void {
  preferThisThread(options);
  const [stop, giveUp] = [pipe(LEAST_PIPE_BYTES), pipe(LEAST_PIPE_BYTES)];
  const between = pipe(PIPE_BYTES);
  const channels: Channel[] = [];
  let isReady = false;
  try {
    for (const [index, task] of tasks.entries()) channels.push(open(task, index, options, captured, giveUp.readFd));
    isReady = true;
    ready(stop.writeFd, giveUp.writeFd);
    const interval = options.poll ? POLL_SLEEP_MS : options.sleepMicroseconds / 1000;
    if (interval > 0) captureByClock(channels, between, interval, stop.readFd);
    else captureByWakeups(channels, between, stop.readFd);
    for (const channel of channels) {
      drain(channel, between);
      drainRest(channel);
    }
  } finally {
    for (const fd of [stop.readFd, giveUp.readFd, between.readFd, between.writeFd]) closeDescriptor(fd);
    if (!isReady) for (const { writeFd } of [stop, giveUp]) closeDescriptor(writeFd);
    for (const { rawFd, output } of channels) {
      closeSync(rawFd);
      output.close();
    }
  }
  const lost = channels.find(({ output }) => output.isGone);
  if (lost) throw new TandemError('PEER', lost.task.outputPath, `does not take the data of CPU ${lost.task.cpu}`);
}

function open(
  task: CaptureTask,
  index: number,
  { maximumBytes }: CaptureOptions,
  captured: Float64Array,
  giveUpFd: number,
): Channel {
  const { cpu, rawPath, outputPath, outputFd, subBufferSize } = task;
  try {
    const rawFd = openSync(rawPath, constants.O_RDONLY | constants.O_NONBLOCK);
    const output =
      outputFd === undefined
        ? new FileOutput(outputPath, maximumBytes, subBufferSize)
        : new StreamOutput(outputFd, outputPath, giveUpFd);
    return { task, index, rawFd, output, captured };
  } catch (error) {
    throw fsError(error, `CPU ${cpu}`, `${(error as NodeJS.ErrnoException).path ?? rawPath} can not be opened`);
  }
}

/** Moves whole sub-buffers until the ring buffer has none. */
function drain({ rawFd, output, task, index, captured }: Channel, between: Pipe): void {
  while (!output.isGone) {
    const taken = take(rawFd, between.writeFd, Math.min(PIPE_BYTES, output.room), task);
    if (taken <= 0) return;
    output.take(between.readFd, taken);
    captured[index] = (captured[index] as number) + taken;
  }
}

/** A CPU that was never online has no buffer (ENODEV), which is as good as an empty one. */
function take(rawFd: number, pipeFd: number, length: number, task: CaptureTask): number {
  try {
    return spliceNow(rawFd, pipeFd, length, task.rawPath);
  } catch (error) {
    if (error instanceof OsError && error.errno === 'ENODEV') return 0;
    throw error;
  }
}

/** Copies what splice does not move: the sub-buffer that is not full yet. */
function drainRest({ rawFd, output, task, index, captured }: Channel): void {
  const subBuffer = new Uint8Array(task.subBufferSize);
  while (!output.isGone) {
    let length: number;
    try {
      length = readSync(rawFd, subBuffer, 0, subBuffer.length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (['EAGAIN', 'ENODEV'].includes(code)) return;
      throw fsError(error, task.rawPath, 'can not be read');
    }
    if (length === 0) return;
    subBuffer.fill(0, length);
    output.write(subBuffer);
    captured[index] = (captured[index] as number) + subBuffer.length;
  }
}

/**
 * While others use all CPUs, this thread must not wait for its turn longer than a buffer lasts: as an ordinary one,
 * even as the nicest, it lost events on busy machines. It only moves pages, and sleeps.
 */
function preferThisThread({ realTimePriority }: CaptureOptions): void {
  if (realTimePriority === 0) return;
  try {
    setRealTimePriority(realTimePriority ?? LOWEST_REAL_TIME);
  } catch (error) {
    // Not allowed everywhere: then it takes its turn like the others. Who asked for it is told.
    if (realTimePriority !== undefined) throw error;
  }
}

const allGone = (channels: readonly Channel[]): boolean => channels.every(({ output }) => output.isGone);

function sleep(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

function captureByClock(channels: readonly Channel[], between: Pipe, interval: number, stopFd: number): void {
  const stop = new PollSet([stopFd]);
  while (stop.wait(0) === 0 && !allGone(channels)) {
    for (const channel of channels) drain(channel, between);
    sleep(interval);
  }
}

function captureByWakeups(channels: readonly Channel[], between: Pipe, stopFd: number): void {
  const readable = new PollSet([stopFd, ...channels.map(({ rawFd }) => rawFd)]);
  let emptied = performance.now();
  while (readable.ready(0) === 0 && !allGone(channels)) {
    readable.wait(LONGEST_WAIT_MS);
    const now = performance.now();
    const all = now - emptied >= LONGEST_WAIT_MS;
    if (all) emptied = now;
    for (const [at, channel] of channels.entries()) {
      const ready = readable.ready(at + 1);
      if (all || ready !== 0) drain(channel, between);
      // A CPU without a buffer says so at once, each time; what nobody takes stays where it is.
      if (channel.output.isGone || (ready & (PollSet.ERR | PollSet.IN)) === PollSet.ERR) readable.ignore(at + 1);
    }
  }
}
