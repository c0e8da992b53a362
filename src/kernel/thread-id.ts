import { readlinkSync } from 'node:fs';
import { basename } from 'node:path';

/** gettid(2): of the calling thread, in its namespace. */
export function threadId(): number {
  return Number(basename(readlinkSync('/proc/thread-self')));
}
