import { existsSync, readdirSync, statSync, truncateSync } from 'node:fs';
import { uptime } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { TandemError } from '../base/errors.ts';
import { Journal } from '../kernel/journal.ts';
import { readCommandLines, readKallsyms, readPrintkFormats, unameText } from '../kernel/metadata.ts';
import { findTracefs, Tracefs } from '../kernel/tracefs.ts';
import { nodeCodecs } from '../node/codecs.ts';
import { openFile } from '../node/file-source.ts';
import { openTrace } from '../trace-file/open.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { writeTraceFile } from './assemble.ts';
import { joinAside } from './capture-output.ts';
import { contentOf, type Symbols, symbolsIn } from './file-content.ts';
import { CapturedCpu } from './file-sink.ts';
import { TemporaryFiles } from './temporary-files.ts';

export interface RestorePlan {
  /** The recording's output, or its metadata file. */
  readonly recording: string;
  /** Where the trace file goes; undefined: to the recording's output, as far as its name tells. */
  readonly output: string | undefined;
  readonly fileVersion: 6 | 7;
  readonly compression: 'none' | 'zlib' | 'zstd';
}

/** Makes the trace file of a recording that was killed, and removes its temporary files. */
export async function restoreRecording(plan: RestorePlan): Promise<{ output: string; bytes: number; cpus: number }> {
  const metadata = plan.recording.endsWith('.meta') ? plan.recording : new TemporaryFiles(plan.recording).metadata;
  if (!existsSync(metadata)) {
    const hint = 'name the output of the recording that was killed, or its .meta file';
    throw new TandemError('NOT_FOUND', metadata, 'there is no such file', hint);
  }
  const base = metadata.replace(/\.meta$/, '');
  const output = plan.output ?? base;
  const source = await openFile(metadata);
  try {
    const file = await openTrace(source, nodeCodecs);
    const buffers = buffersOf(file).map((buffer) => ({
      ...buffer,
      cpus: capturedCpus(base, buffer.name, buffer.pageSize),
    }));
    const content = { ...contentOf(file, plan.fileVersion), ...(await symbolsOf(file, metadata)), buffers };
    const bytes = await writeTraceFile(output, content, plan);
    const captured = buffers.flatMap(({ cpus }) => cpus);
    removeTogether([metadata, ...captured.map(({ path }) => path)]);
    return { output, bytes, cpus: captured.filter(({ size }) => size > 0).length };
  } finally {
    await source.close();
  }
}

/** What an agent sent of its trace names no buffer: it is the top one. */
function buffersOf(file: TraceFile): readonly { name: string; clock: string; pageSize: number }[] {
  const { buffers, traceClock = '', header } = file;
  if (buffers.length === 0) return [{ name: '', clock: traceClock, pageSize: header.pageSize }];
  return buffers.map(({ name, clock, layout }) => ({ name, clock, pageSize: layout.size }));
}

/** Of some of them no whole trace could be restored a second time: if this is cut short, the next run goes on. */
function removeTogether(paths: readonly string[]): void {
  const journal = new Journal();
  journal.ownFiles(paths);
  for (const problem of journal.undo()) throw new TandemError('IO', 'restore', problem);
}

/** The files of one buffer's CPUs, cut to whole sub-buffers. */
function capturedCpus(base: string, buffer: string, subBufferSize: number): CapturedCpu[] {
  const prefix = basename(new TemporaryFiles(base).cpu(buffer, 0)).replace(/0$/, '');
  const found = readdirSync(dirname(base))
    .map((name) => name.replace(/\.older$/, ''))
    .filter((name) => name.startsWith(prefix) && /^\d+$/.test(name.slice(prefix.length)));
  return [...new Set(found)]
    .map((name) => {
      const path = join(dirname(base), name);
      joinAside(path);
      const { size } = statSync(path);
      const whole = size - (size % subBufferSize);
      truncateSync(path, whole);
      return new CapturedCpu(Number(name.slice(prefix.length)), path, whole);
    })
    .sort((a, b) => a.cpu - b.cpu);
}

/**
 * Symbols and task names. A recording that was killed in its first moments has none yet: they are the same in the
 * kernel that runs, if that is still the one it was.
 */
async function symbolsOf(file: TraceFile, metadata: string): Promise<Symbols> {
  const symbols = await symbolsIn(file);
  const tracefs = findTracefs();
  const bootTime = Date.now() - 1000 * uptime();
  const isSameBoot = file.uname === unameText() && statSync(metadata).mtimeMs > bootTime;
  if (symbols.kallsyms.length > 0 || tracefs === undefined || !isSameBoot) return symbols;
  const { top } = new Tracefs(tracefs);
  return { kallsyms: readKallsyms(), printkFormats: readPrintkFormats(top), commandLines: readCommandLines(top) };
}
