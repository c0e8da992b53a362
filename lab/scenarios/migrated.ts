import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncSample, TraceFile } from '../../src/index.ts';
import { recordWell } from '../attempts.ts';
import { judgeCausality } from '../checks/causality.ts';
import { withFiles } from '../checks/files.ts';
import { checkPutBack } from '../checks/kernel-state.ts';
import { checkKvmSync } from '../checks/kvm-sync.ts';
import { begin, checkLoss, GUEST, GUEST_NAME, KVM_PLAN } from '../checks/loss.ts';
import { guestSyncError } from '../checks/sync-error.ts';
import { knownVcpus, tscFrequency } from '../checks/tsc-offset.ts';
import type { Lab } from '../machine/lab.ts';
import { type Context, type Scenario, TANDEM } from '../scenario.ts';

const AFTERWARDS_MS = 4000;

/** A guest that goes on in another QEMU: what KVM adds to its TSC is another number from then on. */
export const migrated: Scenario = {
  name: 'migrated',
  about: 'a guest migrated to a file and back while recording: vsock ends, TCP goes on and the clock steps',
  shape: 'nested',
  pairs: [TANDEM],
  seconds: 1200,
  async run(context) {
    await overVsock(context);
    await overTcp(context);
  },
};

/** Migration resets all connections of vsock: the guest is lost, and can be recorded anew. */
async function overVsock(context: Context): Promise<void> {
  const name = 'vsock';
  const { lab } = context;
  const begun = await begin(context, name, KVM_PLAN);
  const { guest, before } = begun;
  await lab.migrate(GUEST_NAME);
  const files = await checkLoss(context, name, begun);
  if (files) {
    const [judged] = await withFiles(files, judgeCausality);
    context.figure(`${name}: causality`, judged);
    context.check(judged?.outside === 0, `${name}: no guest event outside of kvm_entry..kvm_exit`);
    context.check((judged?.inside ?? 0) > 0, `${name}: events of the guest that is gone are judged`);
  }
  await checkPutBack(context, name, guest, before.guest);
  await checkPutBack(context, name, lab.host, before.host);
  const next = `${name}-afterwards`;
  const again = await recordWell(context, next, { ...KVM_PLAN, command: 'sleep 2' });
  if (again) await withFiles(again, (opened) => checkKvmSync(context, next, opened, [GUEST]));
}

const TCP_PLAN = {
  recorder: 'tandem',
  options: ['-C', 'x86-tsc', '--tsync-interval', '500', '-e', 'sched_process_fork'],
  guests: [{ number: GUEST, transport: 'tcp', options: ['-e', 'sched_switch'] }],
} as const;

/** The measuring goes on, and every time is as right as the file says, before and after. */
async function overTcp(context: Context): Promise<void> {
  const name = 'tcp';
  const { lab } = context;
  const { recording, end } = await begin(context, name, TCP_PLAN);
  const offsets = [await tscOffset(lab)];
  await lab.migrate(GUEST_NAME);
  offsets.push(await tscOffset(lab));
  await sleep(AFTERWARDS_MS);
  end();
  const { status, output, files } = await recording.ended;
  context.keep(`${name}/output.txt`, output);
  context.check(status === 0, `${name}: the recording ends well, not with status ${status}: ${output}`);
  const frequency = await tscFrequency(lab.host);
  context.figure(`${name}: step of the TSC's offset, s`, Number(offsets[1]! - offsets[0]!) / frequency);
  if (files.length !== 2) return;
  await withFiles(files, async ({ guests }) => checkStep(context, name, guests[0]!, offsets, frequency));
}

/** Samples lie on either side of the step, and all times are within the bounds that hold for them. */
function checkStep(
  context: Context,
  name: string,
  guest: TraceFile,
  offsets: readonly bigint[],
  frequency: number,
): void {
  const cpus = guest.timeShift?.cpus ?? [];
  const halfway = -(offsets[0]! + offsets[1]!) / 2n;
  const isAfter = ({ offset }: SyncSample): boolean => offset > halfway === -offsets[1]! > halfway;
  const sides = [cpus.flatMap((own) => own.filter((one) => !isAfter(one))), cpus.flatMap((own) => own.filter(isAfter))];
  for (const [index, side] of ['before', 'after'].entries()) {
    const samples = sides[index]!;
    context.check(samples.length > 1, `${name}: there are samples from ${side} the step`);
    if (samples.length < 2) continue;
    const times = samples.map(({ time }) => time).sort((a, b) => (a < b ? -1 : 1));
    const truth = (time: bigint): bigint => time - offsets[index]!;
    const error = guestSyncError(guest, truth, [times[0]!, times.at(-1)!], frequency);
    context.figure(`${name}: error ${side} the step, ns`, error);
    const isStated = error.bound !== undefined && error.beyond === 0;
    context.check(isStated, `${name}: all times ${side} the step are as right as the file says`);
  }
}

async function tscOffset(lab: Lab): Promise<bigint> {
  const { pid } = lab.guests.find(({ number }) => number === GUEST)!;
  return (await knownVcpus(lab.host, pid))[0]!.offset;
}
