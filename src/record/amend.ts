import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { TandemError } from '../base/errors.ts';
import { fsError } from '../kernel/os-error.ts';
import { OPTION } from '../trace-file/ids.ts';
import type { TraceFile } from '../trace-file/types.ts';
import type { BufferContent, CpuContent, OptionContent } from '../trace-file/write/content.ts';
import { Encoder } from '../trace-file/write/encoder.ts';
import { optionsSection } from '../trace-file/write/options-section.ts';
import { writeTraceFile } from './assemble.ts';
import { contentOf, symbolsIn } from './file-content.ts';
import { becameShorter } from './file-sink.ts';

/** What a file was called before it was amended. */
export const asideName = (path: string): string => `${path}.orig`;

/**
 * Adds options to a trace file; of options of one kind readers take the last. The file as it was is kept beside it,
 * as FILE.orig: the first time, since that is the original. Version 7 is copied and gets one more options section,
 * version 6 is written anew.
 */
export async function amendFile(file: TraceFile, options: readonly OptionContent[]): Promise<void> {
  const path = file.source.name;
  const amended = `${path}.amended`;
  try {
    if (file.header.version === 6) await rewriteV6(file, amended, options);
    else appendV7(file, amended, options);
    if (existsSync(asideName(path))) rmSync(path);
    else renameSync(path, asideName(path));
    renameSync(amended, path);
  } catch (error) {
    rmSync(amended, { force: true });
    throw error instanceof TandemError ? error : fsError(error, amended, 'can not be written');
  }
}

/** Bytes of an option's header: where a DONE's pointer to the next options section is. */
const OPTION_HEADER = 6;

function appendV7(file: TraceFile, path: string, options: readonly OptionContent[]): void {
  const { options: known, optionSections, header, source } = file;
  const done = known.findLast(({ id }) => id === OPTION.DONE);
  const section = done && optionSections[done.block];
  if (!done || !section || section.compressed) {
    throw new TandemError('UNSUPPORTED', source.name, 'no options can be added: it does not end as trace files do');
  }
  copyFileSync(source.name, path, constants.COPYFILE_FICLONE);
  const start = statSync(path).size;
  const fd = openSync(path, 'r+');
  try {
    const { littleEndian } = header;
    writeAll(fd, optionsSection(options, section.descriptionOffset, littleEndian).bytes, start);
    writeAll(fd, new Encoder(littleEndian).u64(start).finish(), done.offset + OPTION_HEADER);
  } finally {
    closeSync(fd);
  }
}

function writeAll(fd: number, bytes: Uint8Array, at: number): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
}

async function rewriteV6(file: TraceFile, path: string, added: readonly OptionContent[]): Promise<void> {
  const content = contentOf(file, 6);
  const buffers = file.buffers.map(
    ({ name, clock, layout, cpus }): BufferContent => ({
      ...{ name, clock, pageSize: layout.size },
      cpus: cpus.filter(({ size }) => size > 0).map((data) => new StoredCpu(file, data)),
    }),
  );
  const options = [...content.options, ...added];
  await writeTraceFile(
    path,
    { ...content, ...(await symbolsIn(file)), options, buffers },
    { fileVersion: 6, compression: 'none' },
  );
}

/** Uncompressed CPU data where it lies in a trace file. */
class StoredCpu implements CpuContent {
  readonly cpu: number;
  readonly size: number;
  readonly #file: TraceFile;
  readonly #offset: number;

  constructor(
    file: TraceFile,
    { cpu, offset, size }: { readonly cpu: number; readonly offset: number; readonly size: number },
  ) {
    this.cpu = cpu;
    this.size = Math.min(size, Math.max(0, file.source.size - offset));
    this.#file = file;
    this.#offset = offset;
  }

  async readInto(target: Uint8Array, offset: number): Promise<void> {
    const { source } = this.#file;
    if ((await source.readInto(target, this.#offset + offset)) < target.length) throw becameShorter(source.name);
  }
}
