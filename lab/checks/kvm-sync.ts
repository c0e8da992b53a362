import { asText, type Context } from '../scenario.ts';
import { judgeCausality } from './causality.ts';
import type { RecordedFiles } from './files.ts';
import { type KnownVcpu, knownVcpus } from './tsc-offset.ts';

/** Fewer guest events than that judge nothing. */
const LEAST_JUDGED = 100;

/**
 * Checks guests whose clocks KVM told: the offsets in their files are those of debugfs, the host's file names the
 * threads of their vCPUs, and none of their events lies where its vCPU did not run. `numbers` of the lab's guests, in
 * the order in which they were recorded.
 */
export async function checkKvmSync(context: Context, name: string, files: RecordedFiles, numbers: readonly number[]) {
  const causality = await judgeCausality(files);
  for (const [index, number] of numbers.entries()) {
    const subject = numbers.length > 1 ? `${name}: guest${number}` : name;
    const { pid } = context.lab.guests.find((one) => one.number === number)!;
    const vcpus = await knownVcpus(context.lab.host, pid);
    const { timeShift, traceId } = files.guests[index]!;
    const offsets = (timeShift?.cpus ?? []).map((own) => own.map(({ offset }) => -offset));
    context.figure(`${subject}: vCPUs in debugfs`, vcpus);
    const isExact =
      offsets.length === vcpus.length &&
      offsets.every((own, cpu) => own.length > 0 && own.every((offset) => offset === vcpus[cpu]!.offset));
    context.check(isExact, `${subject}: the file's offsets are KVM's, not ${JSON.stringify(offsets, asText)}`);
    checkThreads(context, subject, files, traceId, vcpus);
    const judged = causality[index];
    context.figure(`${subject}: causality`, judged);
    context.check(judged?.outside === 0, `${subject}: no guest event outside of kvm_entry..kvm_exit`);
    context.check((judged?.inside ?? 0) > LEAST_JUDGED, `${subject}: enough guest events to judge by`);
  }
}

/** The host's file names the threads of a guest's vCPUs, as KVM does. */
export function checkThreads(
  context: Context,
  subject: string,
  { host }: RecordedFiles,
  traceId: bigint | undefined,
  vcpus: readonly KnownVcpu[],
): void {
  const threads = host.guests.find((guest) => guest.traceId === traceId)?.vcpus.map((vcpu) => vcpu.pid);
  const expected = vcpus.map(({ thread }) => thread);
  context.check(
    JSON.stringify(threads) === JSON.stringify(expected),
    `${subject}: the host's file names the threads of vCPUs, not ${JSON.stringify(threads)}`,
  );
}
