import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { TandemError } from '../base/errors.ts';
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

  /** Files of CPUs, of any buffer, that are there. */
  found(): string[] {
    const folder = dirname(this.#base);
    const start = `${basename(this.#base)}.`;
    const names = existsSync(folder) ? readdirSync(folder) : [];
    return names
      .filter((name) => name.startsWith(start) && /^(.+\.)?cpu\d+(\.older)?$/.test(name.slice(start.length)))
      .map((name) => join(folder, name));
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
  refuseUnrestored(files);
  // Looked at, not tried: what a killed run had begun would be in the way of the next one.
  const there = statSync(output, { throwIfNoEntry: false });
  if (there?.isDirectory()) throw new TandemError('USAGE', output, 'is a folder', 'name a file with -o');
  requireWritable(there === undefined ? dirname(output) : output, output);
  requireWritable(dirname(files.metadata), files.metadata);
}

function requireWritable(path: string, subject: string): void {
  try {
    accessSync(path, constants.W_OK);
  } catch (error) {
    throw fsError(error, subject, 'can not be written');
  }
}

/** What a recording that was killed left must not be written over. */
function refuseUnrestored(files: TemporaryFiles): void {
  const [first] = files.found();
  if (first === undefined) return;
  const restorable = existsSync(files.metadata);
  const restore = `${restorable ? 'tandem' : 'trace-cmd'} restore`;
  throw new TandemError(
    'USAGE',
    first,
    'belongs to a recording that goes on, or was killed and not restored',
    `make its file with ${restore}${restorable ? ` ${files.metadata}` : ''}, or remove it, or write elsewhere (-o)`,
  );
}
