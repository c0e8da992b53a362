import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Journal } from '../kernel/journal.ts';
import { fsError } from '../kernel/os-error.ts';
import type { Tracefs, TraceInstance } from '../kernel/tracefs.ts';

/** Room for some 20 000 events per CPU of this machine: a guest whose CPUs are all asked something needs less. */
const BUFFER_KB = 1024;
const ENTRY = /-(\d+) +\[\d+\].* kvm_entry: vcpu (\d+)\b/;

let made = 0;

/**
 * Which threads enter which vCPUs of a guest, for as long as it is watched: for guests of which neither KVM's files nor
 * names of threads tell it. Only a vCPU that runs meanwhile is found.
 */
export class EnteredVcpus {
  readonly #instance: TraceInstance;

  /** Watches the guest of a process. Undefined where this kernel has no such events. The journal ends it, too. */
  static watch(pid: number, tracefs: Tracefs, journal: Journal): EnteredVcpus | undefined {
    if (!tracefs.top.has('events', 'kvm', 'kvm_entry')) return undefined;
    const threads = threadsOf(pid);
    if (threads.length === 0) return undefined;
    made++;
    const instance = journal.createInstance(tracefs, `tandem_vcpus-${process.pid}-${made}`);
    instance.write(String(BUFFER_KB), 'buffer_size_kb');
    instance.write(threads.join(' '), 'set_event_pid');
    instance.write('1', 'events', 'kvm', 'kvm_entry', 'enable');
    return new EnteredVcpus(instance);
  }

  private constructor(instance: TraceInstance) {
    this.#instance = instance;
  }

  /** Ends it. Returns threads by the ids of their vCPUs. */
  end(): Map<number, number> {
    this.#instance.write('0', 'events', 'kvm', 'kvm_entry', 'enable');
    const threads = enteredIn(this.#instance.read('trace'));
    this.#instance.write('1', 'buffer_size_kb');
    return threads;
  }
}

/** Threads by the ids of the vCPUs that they entered, by the text of the kernel's `trace` file. */
export function enteredIn(trace: string): Map<number, number> {
  const threads = new Map<number, number>();
  for (const line of trace.split('\n')) {
    const [, thread, vcpu] = ENTRY.exec(line) ?? [];
    if (thread !== undefined) threads.set(Number(vcpu), Number(thread));
  }
  return threads;
}

/** Threads by guest CPU, out of those by vCPU id: ids can have gaps, their order is that of the guest's CPUs. */
export function byGuestCpu(entered: ReadonlyMap<number, number>, cpuCount: number): (number | undefined)[] {
  const ids = [...entered.keys()].sort((a, b) => a - b);
  if (ids.length === cpuCount) return ids.map((id) => entered.get(id));
  // Some never ran. Without gaps, ids are numbers of CPUs.
  const hasGaps = (ids.at(-1) ?? 0) >= cpuCount;
  return Array.from({ length: cpuCount }, (_, cpu) => (hasGaps ? undefined : entered.get(cpu)));
}

/** None of a process that has ended. */
function threadsOf(pid: number): string[] {
  const folder = join('/proc', String(pid), 'task');
  try {
    return readdirSync(folder);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fsError(error, folder, 'can not be read');
  }
}
