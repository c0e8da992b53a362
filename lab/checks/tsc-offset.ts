import { LabError } from '../errors.ts';
import { type Machine, mustExec } from '../machine/machine.ts';

/** A vCPU as KVM knows it: guest TSC = host TSC + offset, as nothing is scaled in the lab. */
export interface KnownVcpu {
  readonly id: number;
  readonly offset: bigint;
  /** Id of its thread. */
  readonly thread: number;
}

/** What KVM tells of the vCPUs of a QEMU process, by vCPU id: a guest numbers its CPUs in that order. */
export async function knownVcpus(host: Machine, qemuPid: number): Promise<KnownVcpu[]> {
  const script = `cd /sys/kernel/debug/kvm/${qemuPid}-* && grep . vcpu*/tsc-offset vcpu*/pid vcpu*/tsc-scaling-ratio 2>/dev/null; true`;
  const lines = (await mustExec(host, script)).trim().split('\n');
  if (lines.some((line) => line.includes('scaling'))) throw new LabError('this KVM scales TSCs: the lab expects none');
  const told = (file: string): Map<number, string> =>
    new Map(
      lines.flatMap((line) => {
        const [, id, name, value] = /^vcpu(\d+)\/(.*):(-?\d+)$/.exec(line) ?? [];
        return name === file ? [[Number(id), value as string]] : [];
      }),
    );
  const threads = told('pid');
  return [...told('tsc-offset')]
    .map(([id, offset]) => ({ id, offset: BigInt(offset), thread: Number(threads.get(id)) }))
    .sort((a, b) => a.id - b.id);
}

/** TSC ticks in a second, as the machine's kernel measured them. */
export async function tscFrequency(machine: Machine): Promise<number> {
  const megahertz = /tsc: (?:Detected|Refined).*?([\d.]+) MHz/.exec(
    await mustExec(machine, 'dmesg | grep -E "tsc: (Detected|Refined)" | tail -1'),
  );
  if (!megahertz) throw new LabError(`${machine.name} does not know its TSC's frequency`);
  return Number(megahertz[1]) * 1e6;
}
