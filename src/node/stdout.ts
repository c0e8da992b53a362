import { write } from 'node:fs';
import type { ByteSink } from '../base/byte-sink.ts';
import { TandemError } from '../base/errors.ts';

/** Pauses before a full non-blocking pipe is tried again, in ms: short at first, so that a fast reader is kept busy. */
const FIRST_PAUSE = 1;
const LONGEST_PAUSE = 20;

/**
 * Writes to a file descriptor, past process.stdout: that one queues without end and copies every chunk. A pipe that
 * its reader closed ends the output quietly; one that another program made non-blocking is waited for.
 */
export function descriptorSink(descriptor: number, name: string): ByteSink {
  let closed = false;
  return {
    write: (bytes) =>
      new Promise((resolve, reject) => {
        let pause = FIRST_PAUSE;
        const writeFrom = (start: number): void => {
          if (closed || start >= bytes.length) {
            resolve(!closed);
            return;
          }
          write(descriptor, bytes, start, bytes.length - start, null, (error, written) => {
            if (error === null) {
              pause = FIRST_PAUSE;
              writeFrom(start + written);
            } else if (error.code === 'EAGAIN') {
              setTimeout(writeFrom, pause, start);
              pause = Math.min(pause * 2, LONGEST_PAUSE);
            } else if (error.code === 'EPIPE') {
              closed = true;
              resolve(false);
            } else {
              reject(new TandemError('IO', name, `can't be written (${error.message})`, undefined, { cause: error }));
            }
          });
        };
        writeFrom(0);
      }),
  };
}

export const stdoutSink = (): ByteSink => descriptorSink(1, 'standard output');

/** Writes some lines to standard output. Nothing comes of it when nobody reads them any more. */
export function say(text: string): void {
  if (process.stdout.listenerCount('error') === 0) process.stdout.on('error', () => {});
  process.stdout.write(text);
}
