import { constants as files } from 'node:fs';
import { constants } from 'node:os';
import { TandemError } from '../base/errors.ts';
import { attempted, checked, errno, koffi, lazy } from './native.ts';
import { callError } from './os-error.ts';

/*
 * The system calls that Node lacks, one typed function each; those on sockets are in sockets.ts. All calls are made on
 * the thread that asks: a blocking one belongs in a worker.
 */

const { EINTR, EAGAIN, EEXIST, EXDEV, EINVAL, ENOSYS, EOPNOTSUPP } = constants.errno;

const native = {
  splice: lazy('long splice(int fd_in, void *off_in, int fd_out, void *off_out, ulong len, uint flags)'),
  copyFileRange: lazy(
    'long copy_file_range(int fd_in, void *off_in, int fd_out, void *off_out, ulong len, uint flags)',
  ),
  pipe2: lazy('int pipe2(void *fds, int flags)'),
  close: lazy('int close(int fd)'),
  fcntl: lazy('int fcntl(int fd, int command, int argument)'),
  poll: lazy('int poll(void *fds, ulong count, int timeout)'),
  schedSetaffinity: lazy('int sched_setaffinity(int pid, ulong size, const void *mask)'),
  syscall6: lazy('long syscall(long number, const void *attr, int pid, int cpu, int group, ulong flags)'),
  mmap: lazy('int64_t mmap(void *address, ulong length, int protection, int flags, int fd, long offset)'),
  munmap: lazy('int munmap(int64_t address, ulong length)'),
  schedSetscheduler: lazy('int sched_setscheduler(int pid, int policy, const void *parameters)'),
  clockGettime: lazy('int clock_gettime(int clock, void *time)'),
  mkfifo: lazy('int mkfifo(const char *path, uint mode)'),
  mount: lazy('int mount(const char *source, const char *target, const char *type, ulong flags, const char *data)'),
};

const SPLICE_F_MOVE = 1;
const SPLICE_F_NONBLOCK = 2;
const WOULD_BLOCK = [EAGAIN];
const ALREADY_THERE = [EEXIST];

/** splice(2) without waiting. Returns the bytes moved; 0 at the end of the input; -1 when it would block. */
export function spliceNow(fdIn: number, fdOut: number, length: number, subject: string): number {
  return attempted('splice', subject, WOULD_BLOCK, () =>
    native.splice(fdIn, null, fdOut, null, length, SPLICE_F_MOVE | SPLICE_F_NONBLOCK),
  );
}

/** splice(2) that waits for room in the output. Returns the bytes moved. */
export function splice(fdIn: number, fdOut: number, length: number, subject: string): number {
  return checked('splice', subject, () => native.splice(fdIn, null, fdOut, null, length, SPLICE_F_MOVE));
}

const NOT_THESE_FILES = [EXDEV, EINVAL, ENOSYS, EOPNOTSUPP];

/**
 * copy_file_range(2) from and to the files' positions: inside the kernel, and without a second copy where the file
 * system can share blocks. Returns the bytes copied, 0 at the end of the input; -1 where these two files can't do it.
 */
export function copyFileRange(fdIn: number, fdOut: number, length: number, subject: string): number {
  return attempted('copy_file_range', subject, NOT_THESE_FILES, () =>
    native.copyFileRange(fdIn, null, fdOut, null, length, 0),
  );
}

/** close(2) of what a system call here opened: Node warns of descriptors that it does not know. */
export function closeDescriptor(fd: number): void {
  native.close(fd);
}

/** pipe2(2), close-on-exec. The pipe's buffer is set to `capacity` bytes as far as the system allows. */
export function pipe(capacity: number): { readFd: number; writeFd: number } {
  const O_CLOEXEC = 0o2000000;
  const F_SETPIPE_SZ = 1031;
  const fds = new Int32Array(2);
  checked('pipe2', 'a pipe', () => native.pipe2(fds, O_CLOEXEC));
  const [readFd, writeFd] = fds as unknown as [number, number];
  native.fcntl(writeFd, F_SETPIPE_SZ, capacity); // beyond the user's limit it keeps its size, which works as well
  return { readFd, writeFd };
}

/** The descriptors of a poll(2) call, kept between calls. */
export class PollSet {
  static readonly IN = 1;
  static readonly OUT = 4;
  static readonly ERR = 8;
  static readonly HUP = 16;
  /** struct pollfd: int fd, short events, short revents. */
  readonly #entries: DataView;
  readonly count: number;

  /** `events`: what to wait for at each descriptor; IN where nothing is said. */
  constructor(fds: readonly number[], events: readonly number[] = []) {
    this.count = fds.length;
    this.#entries = new DataView(new ArrayBuffer(8 * fds.length));
    for (const [index, fd] of fds.entries()) {
      this.#entries.setInt32(8 * index, fd, true);
      this.#entries.setInt16(8 * index + 4, events[index] ?? PollSet.IN, true);
    }
  }

  /** Waits until one is ready, at most `timeout` ms (-1: for ever). Returns how many are ready; 0 after a signal. */
  wait(timeout: number): number {
    const ready = native.poll(this.#entries.buffer, this.count, timeout);
    if (ready !== -1) return ready;
    if (errno() === EINTR) return 0;
    throw callError('poll', 'the trace buffers', errno());
  }

  /** What the last wait found for an entry: 0, or a mask of IN, ERR, HUP. */
  ready(index: number): number {
    return this.#entries.getInt16(8 * index + 6, true);
  }

  /** Leaves an entry out of the following waits. */
  ignore(index: number): void {
    this.#entries.setInt32(8 * index, -1, true);
  }
}

/** sched_setaffinity(2) of the calling thread: run on these CPUs only. */
export function pinThread(cpus: readonly number[]): void {
  const mask = new Uint8Array(8 * (Math.floor(Math.max(...cpus) / 64) + 1));
  for (const cpu of cpus) mask[cpu >> 3] = (mask[cpu >> 3] as number) | (1 << (cpu & 7));
  checked('sched_setaffinity', `CPU ${cpus.join(',')}`, () => native.schedSetaffinity(0, mask.length, mask));
}

/** sched_setscheduler(2): the calling thread gets the real-time policy SCHED_FIFO with this priority. */
export function setRealTimePriority(priority: number): void {
  const SCHED_FIFO = 1;
  const parameters = Int32Array.of(priority);
  checked('sched_setscheduler', `priority ${priority}`, () => native.schedSetscheduler(0, SCHED_FIFO, parameters));
}

/** clock_gettime(2) of CLOCK_REALTIME: nanoseconds since 1970. */
export function realTime(): bigint {
  const CLOCK_REALTIME = 0;
  return systemTime(CLOCK_REALTIME);
}

/** clock_gettime(2) of a clock by its number: nanoseconds. */
export function systemTime(clock: number): bigint {
  const time = new BigInt64Array(2);
  checked('clock_gettime', `clock ${clock}`, () => native.clockGettime(clock, time));
  const [seconds, nanoseconds] = time as unknown as [bigint, bigint];
  return seconds * 1_000_000_000n + nanoseconds;
}

/** mount(2) without flags or data. */
export function mount(source: string, target: string, type: string): void {
  checked('mount', target, () => native.mount(source, target, type, 0, null));
}

/** mkfifo(3). False when something has that name already. `mode` is cut by the process's umask. */
export function makeFifo(path: string, mode: number): boolean {
  return attempted('mkfifo', path, ALREADY_THERE, () => native.mkfifo(path, mode)) === 0;
}

/** Clears or sets O_NONBLOCK (fcntl(2)). It belongs to the open file, not to one descriptor: all threads see it. */
export function setBlocking(fd: number, blocking: boolean): void {
  const F_GETFL = 3;
  const F_SETFL = 4;
  const flags = checked('fcntl', `descriptor ${fd}`, () => native.fcntl(fd, F_GETFL, 0));
  const wanted = blocking ? flags & ~files.O_NONBLOCK : flags | files.O_NONBLOCK;
  if (wanted !== flags) checked('fcntl', `descriptor ${fd}`, () => native.fcntl(fd, F_SETFL, wanted));
}

/** perf_event_open(2) has no wrapper in the C library: its number differs between machines. */
const PERF_EVENT_OPEN: Readonly<Record<string, number>> = { x64: 298, ia32: 336, arm64: 241 };

/** perf_event_open(2) for the own process on one CPU (-1: any). `attr` is a struct perf_event_attr. */
export function perfEventOpen(attr: Uint8Array, cpu: number): number {
  const number = PERF_EVENT_OPEN[process.arch];
  if (number === undefined) throw new TandemError('UNSUPPORTED', 'perf_event_open', `not known on ${process.arch}`);
  const PERF_FLAG_FD_CLOEXEC = 8;
  return checked('perf_event_open', `CPU ${cpu}`, () =>
    native.syscall6(number, attr, 0, cpu, -1, PERF_FLAG_FD_CLOEXEC),
  );
}

/** Copies the first `length` bytes of a descriptor's mapping (mmap(2), shared, read-only). */
export function readMapping(fd: number, length: number, copyLength: number, subject: string): Uint8Array {
  const PROT_READ = 1;
  const MAP_SHARED = 1;
  const address = native.mmap(null, length, PROT_READ, MAP_SHARED, fd, 0);
  if (Number(address) === -1) throw callError('mmap', subject, errno());
  try {
    return Uint8Array.from(koffi().decode(address, 'uint8_t', copyLength) as ArrayLike<number>);
  } finally {
    native.munmap(address, length);
  }
}
