import { basename, dirname, extname, join } from 'node:path';
import { TandemError } from '../../base/errors.ts';
import { byGuestCpu } from '../../sampler/entered-vcpus.ts';
import { findKvmFolder, KvmFiles, unsound } from '../../sampler/kvm-files.ts';
import { namedVcpuThreads } from '../../sampler/vcpu-threads.ts';
import { isStorable } from '../../sync/scaled-line.ts';
import type { PeerAddress } from '../../transport/address.ts';
import { resolveAgentSpec } from '../../transport/agent-spec.ts';
import { monitorProcess } from '../../transport/connect.ts';
import { MAXIMUM_CPUS } from '../../transport/fifos.ts';
import { neighbourGuest } from '../../transport/neighbours.ts';
import type { GuestPlan } from './guest-plan.ts';

const MONITOR_TIMEOUT_MS = 1000;

/** A guest that is to be recorded: where its agent is, and what this machine knows of it. */
export interface FoundGuest {
  readonly name: string;
  readonly address: PeerAddress;
  readonly args: readonly string[];
  /** The process that runs it, when it is a virtual machine of this one. */
  readonly pid: number | undefined;
  /** Where KVM tells about it, if that is sound. */
  readonly kvmFolder: string | undefined;
}

/** Finds the guests. Two of one name, which would write one file, are an error. */
export async function findPlannedGuests(plans: readonly GuestPlan[]): Promise<FoundGuest[]> {
  const kvmFolder = plans.length > 0 ? findKvmFolder() : undefined;
  const guests: FoundGuest[] = [];
  for (const [index, plan] of plans.entries()) {
    const { name: found, address, guest } = await resolveAgentSpec(plan.spec);
    const name = plan.name ?? found ?? `unnamed-${index}`;
    if (guests.some((other) => other.name === name)) {
      throw new TandemError('USAGE', `guest '${name}'`, 'is there twice', 'give one of them another name with --name');
    }
    const pid = address.kind === 'unix' ? await monitorProcess(address.path, MONITOR_TIMEOUT_MS) : guest?.pid;
    guests.push({
      ...{ name, address, args: plan.args, pid },
      kvmFolder: unreadableTsc({ pid, kvmFolder }) === undefined ? kvmFolder : undefined,
    });
  }
  return guests;
}

/** The guest, now that its agent was reached: over a network that shows which VM of this machine it is, if it is one. */
export function reachedAt(guest: FoundGuest, peer: PeerAddress): FoundGuest {
  if (peer.kind !== 'tcp' || guest.pid !== undefined) return guest;
  return { ...guest, pid: neighbourGuest(peer.host)?.pid };
}

/**
 * Why KVM's files don't tell how the guest's TSC relates to this machine's, in a way that a trace file can hold;
 * undefined where they do. `cpuCount`: the guest's, once it is known.
 */
export function unreadableTsc(
  { pid, kvmFolder }: Pick<FoundGuest, 'pid' | 'kvmFolder'>,
  cpuCount?: number,
): string | undefined {
  if (pid === undefined || kvmFolder === undefined) return 'it is no virtual machine of this kernel';
  try {
    const files = KvmFiles.open(pid, cpuCount, kvmFolder);
    const cpus = Array.from({ length: files.cpuCount }, (_, cpu) => cpu);
    const problem = unsound(files);
    if (problem !== undefined) return problem;
    return cpus.every((cpu) => isStorable(files.tsc(cpu))) ? undefined : 'its TSC is scaled too far for a trace file';
  } catch (error) {
    if (error instanceof TandemError) return error.message;
    throw error;
  }
}

/**
 * Host threads of a guest's CPUs, by its CPU numbers; -1 where unknown. `entered`: threads by vCPU id, where they were
 * watched.
 */
export function vcpuThreads(guest: FoundGuest, cpuCount: number, entered?: ReadonlyMap<number, number>): number[] {
  const { pid, kvmFolder } = guest;
  const unknown = new Array<undefined>(cpuCount).fill(undefined);
  const named = pid === undefined ? unknown : namedVcpuThreads(pid, cpuCount);
  const told = pid === undefined || kvmFolder === undefined ? unknown : toldThreads(pid, kvmFolder, cpuCount);
  const seen = entered === undefined ? unknown : byGuestCpu(entered, cpuCount);
  return named.map((thread, cpu) => told[cpu] ?? thread ?? seen[cpu] ?? -1);
}

/** Whether it is known which threads of this machine run the guest's CPUs. */
export function namesVcpus({ pid, kvmFolder }: FoundGuest): boolean {
  if (pid === undefined) return false;
  if (namedVcpuThreads(pid, MAXIMUM_CPUS).some((thread) => thread !== undefined)) return true;
  return kvmFolder !== undefined && toldThreads(pid, kvmFolder, undefined).some((thread) => thread !== undefined);
}

/** Whether a guest is a process of this machine, but nothing tells which of its threads run the guest's CPUs. */
export function hidesVcpus(guest: FoundGuest): boolean {
  return guest.pid !== undefined && !namesVcpus(guest);
}

function toldThreads(pid: number, kvmFolder: string, cpuCount: number | undefined): readonly (number | undefined)[] {
  try {
    return KvmFiles.open(pid, cpuCount, kvmFolder).threads();
  } catch (error) {
    if (error instanceof TandemError) return [];
    throw error;
  }
}

/** The file of a guest, as trace-cmd names it: `trace.dat` becomes `trace-NAME.dat`. */
export function guestOutput(hostOutput: string, name: string): string {
  const extension = extname(hostOutput);
  return join(dirname(hostOutput), `${basename(hostOutput, extension)}-${name}${extension}`);
}
