import { type ErrorCode, TandemError } from '../base/errors.ts';

export const EXIT_DAMAGED = 1;
export const EXIT_IO = 2;
/** EINVAL, as trace-cmd report --check-events exits. */
export const EXIT_FORMATS = 22;
/** As trace-cmd exits when a filter or an option is wrong. */
export const EXIT_USAGE = 255;
/** EX_SOFTWARE: a bug. */
export const EXIT_BUG = 70;

const BY_CODE: Readonly<Record<ErrorCode, number>> = {
  NOT_A_TRACE: EXIT_DAMAGED,
  TRUNCATED: EXIT_DAMAGED,
  CORRUPT: EXIT_DAMAGED,
  UNSUPPORTED: EXIT_DAMAGED,
  NOT_FOUND: EXIT_USAGE,
  IO: EXIT_IO,
  PEER: EXIT_IO,
  TIMEOUT: EXIT_IO,
  USAGE: EXIT_USAGE,
};

export const EXIT_HELP = `
Exit status:
  0   done; also when the reader of the output went away
  1   a file is no trace, or too damaged to be read; or the kernel lacks what is asked for
  2   a file can't be opened, read or written; or the other end of a connection failed
  22  report --check-events, check-events: a format was not understood
  70  a bug in tandem
  255 the command line or a filter can't be understood, or names what is not there`;

/** The exit status that tells a script what went wrong. */
export const exitStatusOf = (error: unknown): number => (error instanceof TandemError ? BY_CODE[error.code] : EXIT_BUG);
