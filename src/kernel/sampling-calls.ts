import { constants } from 'node:os';
import { checked, errno, lazy } from './native.ts';
import { callError } from './os-error.ts';

/*
 * System calls of the threads that measure clocks. Those made while a measurement goes on leave no garbage behind.
 */

const native = {
  write: lazy('long write(int fd, const void *buffer, ulong length)'),
  clockGettime: lazy('int clock_gettime(int clock, void *time)'),
  socketpair: lazy('int socketpair(int family, int type, int protocol, void *fds)'),
  schedGetaffinity: lazy('int sched_getaffinity(int pid, ulong size, void *mask)'),
  schedGetcpu: lazy('int sched_getcpu()'),
  schedYield: lazy('int sched_yield()'),
  timerfdCreate: lazy('int timerfd_create(int clock, int flags)'),
  timerfdSettime: lazy('int timerfd_settime(int fd, int flags, const void *value, void *before)'),
  schedSetscheduler: lazy('int sched_setscheduler(int pid, int policy, const void *parameters)'),
};

/** write(2) of a whole marker into trace_marker_raw. */
export function writeMarker(fd: number, marker: Uint8Array, subject: string): void {
  for (;;) {
    if (native.write(fd, marker, marker.length) === marker.length) return;
    const code = errno();
    if (code !== constants.errno.EINTR) throw callError('write', subject, code);
  }
}

/** clock_gettime(2) of CLOCK_MONOTONIC_RAW into a struct timespec (64-bit): seconds, then nanoseconds. */
export function readMonotonicRaw(into: BigInt64Array): void {
  const CLOCK_MONOTONIC_RAW = 4;
  native.clockGettime(CLOCK_MONOTONIC_RAW, into); // it is always there, and `into` is of our own making
}

/** socketpair(2): two connected sockets, close-on-exec. */
export function socketPair(): [number, number] {
  const AF_UNIX = 1;
  const SOCK_STREAM = 1;
  const SOCK_CLOEXEC = 0o2000000;
  const fds = new Int32Array(2);
  checked('socketpair', 'a pair of sockets', () => native.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds));
  return [fds[0] as number, fds[1] as number];
}

/** Kernels are built for 8192 CPUs at most. */
const MASK_BYTES = 1024;

/** sched_getaffinity(2): the CPUs that the calling thread may run on. */
export function allowedCpus(): number[] {
  const mask = new Uint8Array(MASK_BYTES);
  checked('sched_getaffinity', 'this thread', () => native.schedGetaffinity(0, MASK_BYTES, mask));
  return [...mask].flatMap((byte, at) =>
    [0, 1, 2, 3, 4, 5, 6, 7].filter((bit) => byte & (1 << bit)).map((bit) => 8 * at + bit),
  );
}

/** sched_getcpu(3): the CPU that the calling thread runs on just now. */
export function currentCpu(): number {
  return checked('sched_getcpu', 'this thread', () => native.schedGetcpu());
}

/** sched_setscheduler(2): the calling thread takes its turn with all others again (SCHED_OTHER). */
export function setUsualPriority(): void {
  const SCHED_OTHER = 0;
  checked('sched_setscheduler', 'this thread', () => native.schedSetscheduler(0, SCHED_OTHER, Int32Array.of(0)));
}

/** sched_yield(2): other threads of the same priority on this CPU go first. */
export function yieldCpu(): void {
  native.schedYield();
}

/** timerfd_create(2), of CLOCK_MONOTONIC; `closeDescriptor` ends it. */
export function createTimer(): number {
  const CLOCK_MONOTONIC = 1;
  const TFD_CLOEXEC = 0o2000000;
  return checked('timerfd_create', 'a timer', () => native.timerfdCreate(CLOCK_MONOTONIC, TFD_CLOEXEC));
}

/** timerfd_settime(2) to a struct itimerspec (64-bit): interval and time from now, as seconds and nanoseconds each. */
export function setTimer(fd: number, value: BigInt64Array): void {
  native.timerfdSettime(fd, 0, value, null); // it is a timer, and `value` is of our own making
}
