import { readSync } from 'node:fs';

/** Fills memory from a place of a file on. How many bytes there were: less than the memory holds only at the file's end. */
export function readFully(fd: number, target: Uint8Array, offset: number): number {
  let count = 0;
  while (count < target.length) {
    const bytesRead = readSync(fd, target, count, target.length - count, offset + count);
    if (bytesRead === 0) break;
    count += bytesRead;
  }
  return count;
}
