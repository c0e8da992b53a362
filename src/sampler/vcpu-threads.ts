import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What QEMU, Firecracker, Cloud Hypervisor and crosvm call the thread of a guest's CPU. */
const VCPU = /^(?:CPU (\d+)\/KVM|fc_vcpu (\d+)|(?:crosvm_)?vcpu(\d+))\n?$/;

/**
 * Host threads that run the CPUs of a guest, by the names that their programs give them; QEMU does with
 * `-name ...,debug-threads=on`, which libvirt always sets. Undefined for a CPU of which there is no such thread.
 */
export function namedVcpuThreads(pid: number, cpuCount: number, proc = '/proc'): (number | undefined)[] {
  const threads = new Array<number | undefined>(cpuCount).fill(undefined);
  for (const thread of threadsOf(join(proc, String(pid), 'task'))) {
    const cpu = Number(VCPU.exec(thread.name)?.slice(1).find(Boolean) ?? -1);
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
