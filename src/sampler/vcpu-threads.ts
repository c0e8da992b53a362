import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What QEMU calls the thread of a guest's CPU. */
const QEMU_VCPU = /^CPU (\d+)\/KVM\n?$/;

/**
 * Host threads that run the CPUs of a QEMU guest, by the names that QEMU gives them (`-name ...,debug-threads=on`,
 * which libvirt always sets). Undefined for a CPU of which there is no such thread.
 */
export function namedVcpuThreads(pid: number, cpuCount: number, proc = '/proc'): (number | undefined)[] {
  const threads = new Array<number | undefined>(cpuCount).fill(undefined);
  for (const thread of threadsOf(join(proc, String(pid), 'task'))) {
    const cpu = Number(QEMU_VCPU.exec(thread.name)?.[1] ?? -1);
    if (cpu >= 0 && cpu < cpuCount) threads[cpu] = thread.id;
  }
  return threads;
}

/** Threads that end meanwhile, or with their process, are left out. */
function threadsOf(folder: string): { readonly id: number; readonly name: string }[] {
  try {
    return readdirSync(folder).flatMap((id) => {
      try {
        return [{ id: Number(id), name: readFileSync(join(folder, id, 'comm'), 'latin1') }];
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
