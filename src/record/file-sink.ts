import { closeSync, openSync, writeSync } from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { copyFileRange } from '../kernel/libc.ts';
import { fsError } from '../kernel/os-error.ts';
import { readFully } from '../node/read-fully.ts';
import type { CpuContent, TraceSink } from '../trace-file/write/content.ts';

const COPY_BYTES = 1 << 20;

/** While its data is copied from it. */
export const becameShorter = (path: string): TandemError =>
  new TandemError('IO', path, 'became shorter while it was read');

/** The trace file while it is written. Its errors name it. */
export class FileSink implements TraceSink {
  readonly path: string;
  readonly fd: number;
  #position = 0;

  constructor(path: string) {
    this.path = path;
    try {
      this.fd = openSync(path, 'w', 0o644);
    } catch (error) {
      throw fsError(error, path, 'can not be written');
    }
  }

  get position(): number {
    return this.#position;
  }

  async append(bytes: Uint8Array): Promise<void> {
    // Written at the file's own position, which copyFrom moves along as well.
    this.#write(bytes, null);
    this.#position += bytes.length;
  }

  async patch(offset: number, bytes: Uint8Array): Promise<void> {
    this.#write(bytes, offset);
  }

  #write(bytes: Uint8Array, offset: number | null): void {
    try {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.fd, bytes, done, bytes.length - done, offset === null ? null : offset + done);
      }
    } catch (error) {
      throw fsError(error, this.path, 'can not be written');
    }
  }

  async appendData(data: CpuContent): Promise<void> {
    let at = data instanceof CapturedCpu ? this.#copy(data) : 0;
    const memory = new Uint8Array(Math.min(data.size - at, COPY_BYTES));
    while (at < data.size) {
      const block = memory.subarray(0, data.size - at);
      await data.readInto(block, at);
      await this.append(block);
      at += block.length;
    }
  }

  /** Copies inside the kernel as far as the two files allow it. Returns the bytes copied. */
  #copy({ path, size }: CapturedCpu): number {
    const fd = openSync(path, 'r');
    try {
      let done = 0;
      while (done < size) {
        const copied = copyFileRange(fd, this.fd, size - done, this.path);
        if (copied <= 0) break;
        done += copied;
        this.#position += copied;
      }
      return done;
    } finally {
      closeSync(fd);
    }
  }

  close(): void {
    closeSync(this.fd);
  }
}

/** One CPU's sub-buffers in a file of their own, as the capture left them. */
export class CapturedCpu implements CpuContent {
  readonly cpu: number;
  readonly path: string;
  readonly size: number;

  constructor(cpu: number, path: string, size: number) {
    this.cpu = cpu;
    this.path = path;
    this.size = size;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    const fd = openSync(this.path, 'r');
    try {
      if (readFully(fd, target, offset) < target.length) throw becameShorter(this.path);
    } finally {
      closeSync(fd);
    }
  }
}
