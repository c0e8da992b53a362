import { accessSync, closeSync, constants, openSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fsError } from '../kernel/os-error.ts';
import type { RecordPlan } from './plan.ts';

/** Where a recording keeps its files until the trace file is made. */
export class TemporaryFiles {
  readonly #output: string;
  readonly #base: string;

  constructor({ output, temporaryFolder }: Pick<RecordPlan, 'output' | 'temporaryFolder'>) {
    this.#output = output;
    this.#base = temporaryFolder === undefined ? output : join(temporaryFolder, basename(output));
  }

  /** The sub-buffers of one CPU of a buffer, named as trace-cmd names them. */
  cpu(buffer: string, cpu: number): string {
    return buffer === '' ? `${this.#base}.cpu${cpu}` : `${this.#base}.${buffer}.cpu${cpu}`;
  }

  /** A trace file without events: what else is needed to make one of the CPUs' files. */
  get metadata(): string {
    return `${this.#base}.meta`;
  }

  /** Throws when the output or the temporary files can't be written, before anything else is done. */
  checkWritable(): void {
    try {
      if (statSync(this.#output, { throwIfNoEntry: false }) === undefined) {
        closeSync(openSync(this.#output, 'wx', 0o644));
        rmSync(this.#output);
      } else accessSync(this.#output, constants.W_OK);
      closeSync(openSync(this.metadata, 'w', 0o600));
      rmSync(this.metadata);
    } catch (error) {
      const { path } = error as NodeJS.ErrnoException;
      throw fsError(error, path ?? this.#output, 'can not be written');
    }
  }
}
