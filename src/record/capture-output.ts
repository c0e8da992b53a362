import { appendFileSync, closeSync, existsSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { splice } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';

/** What takes the sub-buffers of one CPU. */
export interface CaptureOutput {
  /** Bytes that `take` can be given at once. */
  readonly room: number;
  /** Nobody is there any more to take anything. */
  readonly isGone: boolean;
  /** Takes so many bytes out of a pipe that has them. */
  take(pipeFd: number, length: number): void;
  write(bytes: Uint8Array): void;
  close(): void;
}

/** Where the earlier half of a limited recording is. */
const asideOf = (path: string): string => `${path}.older`;

/**
 * The file that takes one CPU's sub-buffers. With a limit it is put aside when it has half of that, in place of the
 * one put aside before: between half and all of the limit is kept.
 */
export class FileOutput implements CaptureOutput {
  readonly isGone = false;
  readonly #path: string;
  readonly #half: number;
  #fd: number;
  #size = 0;

  /** `maximum` bytes, 0 for no limit, is rounded to whole sub-buffers. */
  constructor(path: string, maximum: number, subBufferSize: number) {
    this.#path = path;
    this.#half =
      maximum === 0 ? Number.POSITIVE_INFINITY : Math.max(1, Math.floor(maximum / 2 / subBufferSize)) * subBufferSize;
    this.#fd = openSync(path, 'w', 0o600);
  }

  get room(): number {
    return this.#half - this.#size;
  }

  take(pipeFd: number, length: number): void {
    for (let left = length; left > 0; ) left -= splice(pipeFd, this.#fd, left, this.#path);
    this.#grew(length);
  }

  #grew(bytes: number): void {
    this.#size += bytes;
    if (this.#size < this.#half) return;
    closeSync(this.#fd);
    renameSync(this.#path, asideOf(this.#path));
    this.#fd = openSync(this.#path, 'w', 0o600);
    this.#size = 0;
  }

  write(bytes: Uint8Array): void {
    try {
      for (let written = 0; written < bytes.length; ) written += writeSync(this.#fd, bytes, written);
    } catch (error) {
      throw fsError(error, this.#path, 'can not be written');
    }
    this.#grew(bytes.length);
  }

  close(): void {
    closeSync(this.#fd);
    joinAside(this.#path);
  }
}

/** Puts what was put aside and what came after it together in one file, if anything was. */
export function joinAside(path: string): void {
  const aside = asideOf(path);
  if (!existsSync(aside)) return;
  try {
    if (existsSync(path)) appendFileSync(aside, readFileSync(path)); // if it was killed before there was one
    renameSync(aside, path);
  } catch (error) {
    throw fsError(error, aside, 'can not be written');
  }
}
