import { accessSync, closeSync, constants, openSync, rmSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fsError } from '../kernel/os-error.ts';
import type { RecordPlan } from './plan.ts';

/** Where a recording keeps its files until the trace file is made. */
export class TemporaryFiles {
  readonly #base: string;

  /** `base` is the output's path, or its name in another folder. */
  constructor(base: string) {
    this.#base = base;
  }

  static of({ output, temporaryFolder }: Pick<RecordPlan, 'output' | 'temporaryFolder'>): TemporaryFiles {
    return new TemporaryFiles(temporaryFolder === undefined ? output : join(temporaryFolder, basename(output)));
  }

  /** The sub-buffers of one CPU of a buffer, named as trace-cmd names them. */
  cpu(buffer: string, cpu: number): string {
    return buffer === '' ? `${this.#base}.cpu${cpu}` : `${this.#base}.${buffer}.cpu${cpu}`;
  }

  /** A trace file without events: what else is needed to make one of the CPUs' files. */
  get metadata(): string {
    return `${this.#base}.meta`;
  }

  /** The same while it is written. */
  get unfinishedMetadata(): string {
    return `${this.metadata}.new`;
  }
}

/** Throws when the output or the temporary files can't be written, before anything else is done. */
export function checkWritable(output: string, files: TemporaryFiles): void {
  try {
    if (statSync(output, { throwIfNoEntry: false }) === undefined) {
      closeSync(openSync(output, 'wx', 0o644));
      rmSync(output);
    } else accessSync(output, constants.W_OK);
    closeSync(openSync(files.metadata, 'w', 0o600));
    rmSync(files.metadata);
  } catch (error) {
    throw fsError(error, (error as NodeJS.ErrnoException).path ?? output, 'can not be written');
  }
}
