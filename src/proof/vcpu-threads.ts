import type { GuestCpu } from '../timeline/pairing.ts';
import { pairFiles } from '../timeline/pairing.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { collectRuns, runEvents } from './collect.ts';

/**
 * Which host thread runs which guest CPU: as the host's file says, or, where that names no threads and there is one
 * guest, by the vCPU numbers of kvm_entry, the lowest being CPU 0. `files`: host first.
 */
export async function vcpuThreads(files: readonly TraceFile[]): Promise<ReadonlyMap<number, GuestCpu>> {
  const [host] = files as [TraceFile, ...TraceFile[]];
  const stated = pairFiles(files).guestCpusOf[0] as ReadonlyMap<number, GuestCpu>;
  if (stated.size > 0 || files.length !== 2 || !runEvents(host)) return stated;
  const { threads } = await collectRuns(host);
  const known = [...threads.values()].filter(({ vcpuId }) => vcpuId !== undefined);
  known.sort((a, b) => (a.vcpuId as number) - (b.vcpuId as number));
  const ids = new Set(known.map(({ vcpuId }) => vcpuId));
  // Two threads of one number: vCPUs of several guests, and nothing tells whose they are.
  if (ids.size < known.length) return stated;
  return new Map(known.map(({ pid }, cpu) => [pid, { file: 1, cpu }]));
}
