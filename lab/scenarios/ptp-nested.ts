import { recordWell } from '../attempts.ts';
import { type ClockRelation, clockMoment, trueTime } from '../checks/clock-relation.ts';
import { withFiles } from '../checks/files.ts';
import { guestSyncError, type TrueTime } from '../checks/sync-error.ts';
import { tscFrequency, vcpuOffsets } from '../checks/tsc-offset.ts';
import { LabError } from '../errors.ts';
import type { Transport } from '../machine/agent.ts';
import type { Machine } from '../machine/machine.ts';
import { type Context, type Scenario, STOCK } from '../scenario.ts';

const GUEST = 1;
const TICKS = 'x86-tsc';
/** Every clock, and both transports. Over vsock x86-tsc is synchronised by KVM, not by PTP. */
const CASES: readonly { readonly transport: Transport; readonly clocks: readonly string[] }[] = [
  { transport: 'tcp', clocks: [TICKS, 'local'] },
  { transport: 'vsock', clocks: ['mono', 'boot'] },
];
/** trace-cmd probes each vCPU 339 times a sample: a minute for each, when the machine is busy. */
const HARDWARE = { vcpus: 1 };
const SESSION_SECONDS = 300;
const INTERVAL_MS = 1000;

/** How far PTP is from what KVM knows: the offset of the guest's TSC. */
export const ptpNested: Scenario = {
  name: 'ptp-nested',
  about: 'the true error of PTP over TCP and vsock, by the TSC offset that KVM set',
  shape: 'nested',
  pairs: [STOCK],
  seconds: 900,
  async run(context) {
    for (const { transport, clocks } of CASES) {
      for (const clock of clocks) await measure(context, transport, clock);
    }
  },
};

async function measure(context: Context, transport: Transport, clock: string): Promise<void> {
  const { lab } = context;
  const name = `${transport}-${clock}`;
  const guest = await lab.guest(GUEST, HARDWARE);
  const before = clock === TICKS ? undefined : await moments(guest, lab.host, clock);
  const files = await recordWell(context, name, {
    options: ['-C', clock, '--tsync-interval', String(INTERVAL_MS), '-e', 'sched_process_fork'],
    guests: [{ number: GUEST, transport, hardware: HARDWARE, options: ['-e', 'sched_process_fork'] }],
    command: 'sleep 4',
    seconds: SESSION_SECONDS,
  });
  if (files === undefined) return;
  const after = clock === TICKS ? undefined : await moments(guest, lab.host, clock);
  const offset = await commonOffset(context);
  const units = clock === TICKS ? await tscFrequency(lab.host) : 1e9;
  const truth: TrueTime =
    before && after
      ? trueTime([before.guest, after.guest], [before.host, after.host], offset)
      : (time) => time - offset;
  await withFiles(files, async ({ guests }) => {
    const samples = guests[0]?.timeShift?.cpus ?? [];
    context.check(samples.length > 0 && samples.every((own) => own.length > 1), `${name}: every vCPU has samples`);
    if (samples.length === 0) return;
    const times = samples.flat().map(({ time }) => time);
    const range = [times.reduce((a, b) => (a < b ? a : b)), times.reduce((a, b) => (a > b ? a : b))] as const;
    context.figure(`${name}: error, ns`, guestSyncError(guests[0]!, truth, range, units));
  });
}

async function moments(guest: Machine, host: Machine, clock: string) {
  return { guest: await clockMoment(guest, clock), host: await clockMoment(host, clock) } satisfies Record<
    string,
    ClockRelation[0]
  >;
}

/** Of all vCPUs. */
async function commonOffset({ lab }: Context): Promise<bigint> {
  const { pid } = lab.guests.find(({ number }) => number === GUEST)!;
  const [first, ...others] = await vcpuOffsets(lab.host, pid);
  if (first === undefined || others.some(({ offset }) => offset !== first.offset)) {
    throw new LabError('the vCPUs have no common TSC offset');
  }
  return first.offset;
}
