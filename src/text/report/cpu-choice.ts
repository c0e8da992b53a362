import { CpuList } from '../../filter/cpu-list.ts';
import type { TextVersion } from '../../format/environment.ts';
import type { TraceBuffer, TraceFile } from '../../trace-file/types.ts';

/** Whether a CPU of a buffer of a file is shown. */
export type CpuChoice = (file: number, buffer: TraceBuffer, cpu: number) => boolean;

export type CountedFile = Pick<TraceFile, 'buffers' | 'cpuCount'>;

/** `--cpu` as it should be: the number that a CPU has in its file. */
export function chooseCpus(lists: readonly string[]): CpuChoice {
  if (lists.length === 0) return () => true;
  const list = CpuList.parse(lists);
  return (_file, _buffer, cpu) => list.has(cpu);
}

/**
 * `--cpu` as trace-cmd takes it: CPUs are numbered through over all buffers, the top ones of all files first. With one
 * file and one buffer that is the same.
 */
export function chooseNumberedCpus(
  lists: readonly string[],
  files: readonly CountedFile[],
  version: TextVersion,
): CpuChoice {
  if (lists.length === 0) return () => true;
  const list = CpuList.parse(lists);
  const firsts = firstNumbers(files, version);
  return (_file, buffer, cpu) => list.has((firsts.get(buffer) ?? 0) + cpu);
}

/** The number of each buffer's CPU 0. */
export function firstNumbers(files: readonly CountedFile[], version: TextVersion): Map<TraceBuffer, number> {
  const firsts = new Map<TraceBuffer, number>();
  let next = 0;
  for (const wantsTop of [true, false]) {
    for (const { buffers, cpuCount } of files) {
      for (const buffer of buffers) {
        if ((buffer.name === '') !== wantsTop) continue;
        firsts.set(buffer, next);
        // 3.1 leaves room for all CPUs of the machine, 3.4 for those of the buffer.
        next += version === '3.1' ? cpuCount : buffer.cpus.reduce((count, { cpu }) => Math.max(count, cpu + 1), 0);
      }
    }
  }
  return firsts;
}
