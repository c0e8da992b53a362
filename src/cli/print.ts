import { open } from 'node:fs/promises';
import { utf8 } from '../base/byte-writer.ts';
import { fsError } from '../kernel/os-error.ts';
import { stdoutSink } from '../node/stdout.ts';

const PIECE_BYTES = 1 << 16;

/** Prints a text. False when nobody reads the output any more. */
export const print = (text: string): Promise<boolean> => stdoutSink().write(utf8(text));

/**
 * Prints what a file of the kernel gives, as it comes, bytes unchanged: some never end, some give more than memory
 * holds. False when nobody reads the output any more.
 */
export async function printFile(path: string): Promise<boolean> {
  const sink = stdoutSink();
  const piece = new Uint8Array(PIECE_BYTES);
  const file = await open(path, 'r').catch((error: unknown) => {
    throw fsError(error, path, 'can not be read');
  });
  try {
    for (;;) {
      const { bytesRead } = await file.read(piece, 0, PIECE_BYTES, null).catch((error: unknown) => {
        throw fsError(error, path, 'can not be read');
      });
      if (bytesRead === 0) return true;
      if (!(await sink.write(piece.subarray(0, bytesRead)))) return false;
    }
  } finally {
    await file.close();
  }
}
