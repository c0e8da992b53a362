import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { mustRun } from '../command.ts';
import { LabError } from '../errors.ts';
import { made } from '../folders.ts';

/** Makes the two FIFOs of a QEMU character device: PATH.in and PATH.out. */
export async function makePipe(path: string): Promise<void> {
  made(dirname(path));
  await mustRun('mkfifo', ['-m', '600', `${path}.in`, `${path}.out`]);
}

/** Writes a line into a pipe's end that QEMU reads. Lines of many writers don't mix. */
export function writeLine(path: string, line: string): void {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(`${path}.in`, constants.O_WRONLY | constants.O_NONBLOCK);
    writeSync(descriptor, `${line}\n`);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new LabError(`nobody reads ${path}.in (${code})`, 'is the guest up?');
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** What QEMU writes into a pipe, while somebody listens. */
export function readPipe(path: string): Socket {
  // Read-write, so that the pipe has no end while QEMU starts.
  const fd = openSync(`${path}.out`, constants.O_RDWR | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
