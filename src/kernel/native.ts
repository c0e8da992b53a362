import { createRequire } from 'node:module';
import { constants } from 'node:os';
import type { LibraryHandle } from 'koffi';
import { TandemError } from '../base/errors.ts';
import { callError } from './os-error.ts';

const { EINTR } = constants.errno;

export type Native = (...args: unknown[]) => number;
type Declared = ReturnType<LibraryHandle['func']>;

let opened: typeof import('koffi') | undefined;

/** Takes some milliseconds, so that it is done at the first call: importing this file costs nothing. */
export function koffi(): typeof import('koffi') {
  opened ??= createRequire(import.meta.url)('koffi') as typeof import('koffi');
  return opened;
}

/** Opens the C library at the first call. */
const load = (() => {
  let library: LibraryHandle | undefined;
  return (prototype: string): Declared => {
    if (process.platform !== 'linux') {
      throw new TandemError('UNSUPPORTED', 'recording', `${process.platform} has no ftrace`, 'record on Linux');
    }
    library ??= koffi().load('libc.so.6');
    return library.func(prototype);
  };
})();

/** A function of the C library, looked up when it is first called. */
export function lazy(prototype: string): Native {
  let native: Native | undefined;
  return (...args) => {
    native ??= load(prototype) as Native;
    return native(...args);
  };
}

/** As `lazy`, called on another thread. What the arguments point to must stay reachable until the result is there. */
export function lazyAsync(prototype: string): (...args: unknown[]) => Promise<number> {
  let native: Declared | undefined;
  return (...args) =>
    new Promise((resolve, reject) => {
      native ??= load(prototype);
      native.async(...args, (error: unknown, result: number) => (error ? reject(error) : resolve(result)));
    });
}

/** The errno of the last call on this thread. */
export function errno(): number {
  return koffi().errno();
}

/** Makes a call again when a signal interrupted it; -1 otherwise becomes an error with the call's name. */
export function checked(name: string, subject: string, call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    if (errno() !== EINTR) throw callError(name, subject, errno());
  }
}

/** As `checked`; -1 with one of `expected` is a result, too: -1. */
export function attempted(name: string, subject: string, expected: readonly number[], call: () => number): number {
  for (;;) {
    const result = call();
    if (result !== -1) return result;
    const code = errno();
    if (expected.includes(code)) return -1;
    if (code !== EINTR) throw callError(name, subject, code);
  }
}
