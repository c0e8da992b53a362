import { getSystemErrorName } from 'node:util';
import { type ErrorCode, TandemError } from '../base/errors.ts';

/** What to do about an errno, where that does not depend on the call. */
const HINTS: Readonly<Record<string, string>> = {
  EACCES: 'this needs root: run with sudo, or give CAP_SYS_ADMIN',
  EPERM: 'this needs root, or the kernel forbids it: run with sudo, or see what it was built and locked down with',
  ENOSPC: 'the disk is full: free some space, or write elsewhere with -o',
  EMFILE: 'too many open files: raise the limit with ulimit -n',
  ENOENT: 'is the name right, and does this kernel have it?',
  EBUSY: 'another tracer uses it: stop that one first',
  ENODEV: 'this kernel, or this machine, does not support it',
  ECONNREFUSED: 'nobody listens there: is the agent started, and is the port right?',
  ECONNRESET: 'the other end is gone: see what it said',
  EPIPE: 'the other end is gone: see what it said',
  ETIMEDOUT: 'is it running, and can it be reached from here?',
  EHOSTUNREACH: 'is it running, and can it be reached from here?',
  ENETUNREACH: 'no network leads there: is the address right?',
  EADDRINUSE: 'another program listens there: stop it, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address',
  EAFNOSUPPORT: 'this kernel does not know such addresses',
  ENOMEM: 'the kernel has no memory for it: ask for smaller buffers',
};

/** The others are `IO`: this system refused. */
const CODES: Readonly<Record<string, ErrorCode>> = {
  ECONNREFUSED: 'PEER',
  ECONNRESET: 'PEER',
  EPIPE: 'PEER',
  EHOSTUNREACH: 'PEER',
  ENETUNREACH: 'PEER',
  ETIMEDOUT: 'TIMEOUT',
};

/** A system call that failed. `errno` is its name (`EAGAIN`), for callers that go on from some of them. */
export class OsError extends TandemError {
  readonly errno: string;

  /** `hint`: what to do, where the errno alone does not tell. */
  constructor(errno: string, subject: string, problem: string, options?: ErrorOptions & { readonly hint?: string }) {
    super(CODES[errno] ?? 'IO', subject, `${problem} (${errno})`, options?.hint ?? HINTS[errno], options);
    this.name = 'OsError';
    this.errno = errno;
  }
}

/** The error of a system call that returned -1. */
export function callError(call: string, subject: string, errno: number): OsError {
  return new OsError(getSystemErrorName(-errno), subject, `${call} failed`);
}

/** Wraps what node:fs threw. Errors that carry no errno are bugs and pass unchanged. */
export function fsError(error: unknown, subject: string, problem: string): unknown {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code?.startsWith('E') ? new OsError(code, subject, problem, { cause: error }) : error;
}
