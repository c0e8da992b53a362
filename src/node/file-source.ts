import { open, stat } from 'node:fs/promises';
import type { ByteSource } from '../base/byte-source.ts';
import { TandemError } from '../base/errors.ts';
import { readFully } from './read-fully.ts';

const PROBLEMS: Readonly<Record<string, readonly [problem: string, hint?: string]>> = {
  ENOENT: ['does not exist', 'check the path'],
  EACCES: ['may not be read by you', 'ask its owner, or run with the rights to read it'],
  EPERM: ['may not be read by you', 'ask its owner, or run with the rights to read it'],
  EISDIR: ['is a directory', 'name the trace.dat in it'],
  EMFILE: ['cannot be opened: too many files are open', 'raise the limit (ulimit -n)'],
  ENFILE: ['cannot be opened: too many files are open in the system', 'close some programs'],
  EIO: ['cannot be read: the disk reports an error', 'copy what can be copied and try that'],
};

function ioError(path: string, cause: unknown): TandemError {
  const { code, message } = cause as NodeJS.ErrnoException;
  const [problem, hint] = PROBLEMS[code ?? ''] ?? [`cannot be read: ${code ?? message}`];
  return new TandemError('IO', path, problem, hint, { cause });
}

/** A source over a file. Rejects with a TandemError (IO) that says why where the file cannot be opened. */
export async function openFile(path: string): Promise<ByteSource> {
  const guarded = async <T>(step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      throw cause instanceof TandemError ? cause : ioError(path, cause);
    }
  };
  // Asked before opening: to open a pipe is to wait for its writer.
  const kind = await guarded(() => stat(path));
  if (kind.isDirectory()) throw ioError(path, { code: 'EISDIR' });
  if (!kind.isFile()) throw new TandemError('IO', path, 'is not a regular file', 'copy its bytes into one first');
  const handle = await guarded(() => open(path, 'r'));
  const { size } = await guarded(() => handle.stat());
  const fill = (target: Uint8Array, offset: number): Promise<number> =>
    guarded(async () => {
      let count = 0;
      while (count < target.length) {
        const { bytesRead } = await handle.read(target, count, target.length - count, offset + count);
        if (bytesRead === 0) break;
        count += bytesRead;
      }
      return count;
    });
  return {
    name: path,
    size,
    read: async (offset, length) => {
      const target = new Uint8Array(Math.max(0, Math.min(length, size - offset)));
      return target.subarray(0, await fill(target, offset));
    },
    readInto: (target, offset) => fill(target, offset),
    readNow: (target, offset) => {
      try {
        return readFully(handle.fd, target, offset);
      } catch (cause) {
        throw ioError(path, cause);
      }
    },
    close: () => guarded(() => handle.close()),
  };
}
