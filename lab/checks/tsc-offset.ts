import { LabError } from '../errors.ts';
import { type Machine, mustExec } from '../machine/machine.ts';

/** A vCPU's clock as KVM knows it: guest TSC = host TSC + offset, as nothing is scaled in the lab. */
export interface VcpuOffset {
  readonly id: number;
  readonly offset: bigint;
}

/** The offsets that KVM gave the vCPUs of a QEMU process, by vCPU id. */
export async function vcpuOffsets(host: Machine, qemuPid: number): Promise<VcpuOffset[]> {
  const script = `cd /sys/kernel/debug/kvm/${qemuPid}-* && grep . vcpu*/tsc-offset vcpu*/tsc-scaling-ratio 2>/dev/null; true`;
  const lines = (await mustExec(host, script)).trim().split('\n');
  if (lines.some((line) => line.includes('scaling'))) throw new LabError('this KVM scales TSCs: the lab expects none');
  return lines
    .map((line) => /^vcpu(\d+)\/tsc-offset:(-?\d+)$/.exec(line))
    .map((match) => ({ id: Number(match?.[1]), offset: BigInt(match?.[2] ?? 0) }))
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
