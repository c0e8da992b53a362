import { closeSync, fstatSync, openSync } from 'node:fs';

/**
 * Lets go of the terminal or pipe that this process writes to: who started it must not wait for its end. A file stays,
 * as its log.
 */
export function leaveTerminal(): void {
  for (const fd of [1, 2]) {
    if (fstatSync(fd).isFile()) continue;
    closeSync(fd);
    openSync('/dev/null', 'r+'); // gets the lowest number that is free, which is this one
  }
}
