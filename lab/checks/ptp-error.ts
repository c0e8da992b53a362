import { existsSync, readFileSync } from 'node:fs';
import type { TraceFile } from '../../src/index.ts';
import { decodeLog } from '../../src/sync/log.ts';
import { recordWell } from '../attempts.ts';
import { LabError } from '../errors.ts';
import type { Transport } from '../machine/agent.ts';
import type { Machine } from '../machine/machine.ts';
import type { Context } from '../scenario.ts';
import { type ClockRelation, clockMoment, trueTime } from './clock-relation.ts';
import { withFiles } from './files.ts';
import { type GuestSyncError, guestSyncError, type TrueTime } from './sync-error.ts';
import { knownVcpus, tscFrequency } from './tsc-offset.ts';
import { waysOf } from './ways.ts';

const GUEST = 1;
/** The one whose truth KVM tells exactly. */
export const TICKS = 'x86-tsc';
/** trace-cmd probes each vCPU 339 times a sample: a minute for each, when the machine is busy. */
const HARDWARE = { vcpus: 1 };
const SESSION_SECONDS = 300;
const INTERVAL_MS = 1000;

/** A way to a guest, and a clock to record with. */
export interface PtpCase {
  readonly transport: Transport;
  readonly clock: string;
}

export interface MeasuredError extends GuestSyncError {
  /** What was agreed on to measure by, if the recorder keeps a log. */
  readonly protocol: string | undefined;
}

export const caseName = ({ transport, clock }: PtpCase): string => `${transport}-${clock}`;

/** Records with PTP and tells how far its times are from what KVM knows. */
export async function ptpError(context: Context, one: PtpCase): Promise<MeasuredError | undefined> {
  const { lab, pair } = context;
  const { transport, clock } = one;
  const name = caseName(one);
  const guest = await lab.guest(GUEST, HARDWARE);
  const before = clock === TICKS ? undefined : await moments(guest, lab.host, clock);
  const log = pair.recorder === 'tandem' ? ['--tsync-log'] : [];
  const plan = {
    options: [...['-C', clock, '--tsync-interval', String(INTERVAL_MS)], ...log, '-e', 'sched_process_fork'],
    guests: [{ number: GUEST, transport, hardware: HARDWARE, options: ['-e', 'sched_process_fork'] }],
    command: 'sleep 4',
    seconds: SESSION_SECONDS,
    // KVM would tell the offset.
    hidesKvm: clock === TICKS && transport !== 'tcp',
  } as const;
  const files = await recordWell(context, name, plan, ({ guests }) => notMeasured(guests[0]));
  if (files === undefined) return undefined;
  const after = clock === TICKS ? undefined : await moments(guest, lab.host, clock);
  const offset = await commonOffset(context);
  const units = clock === TICKS ? await tscFrequency(lab.host) : 1e9;
  const truth: TrueTime =
    before && after
      ? trueTime([before.guest, after.guest], [before.host, after.host], offset)
      : (time) => time - offset;
  return withFiles(files, async ({ guests }) => {
    const times = (guests[0]?.timeShift?.cpus ?? []).flat().map(({ time }) => time);
    const range = [times.reduce((a, b) => (a < b ? a : b)), times.reduce((a, b) => (a > b ? a : b))] as const;
    const error = guestSyncError(guests[0]!, truth, range, units);
    context.figure(`${name}: error of ${pair.recorder}+${pair.agent}, ns`, error);
    const path = `${files[1]}.tsync`;
    const log = existsSync(path) ? decodeLog(readFileSync(path, 'utf8'), path) : undefined;
    if (clock === TICKS && log) context.figure(`${name}: ways, us`, waysOf(log.measurements, offset, units));
    return { ...error, protocol: log?.header.protocol };
  });
}

/** Samples from the beginning and the end at least. */
function notMeasured(guest: TraceFile | undefined): string | undefined {
  const cpus = guest?.timeShift?.cpus ?? [];
  const isMeasured = cpus.length > 0 && cpus.every((own) => own.length > 1);
  return isMeasured ? undefined : 'the guest was not measured';
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
  const [first, ...others] = await knownVcpus(lab.host, pid);
  if (first === undefined || others.some(({ offset }) => offset !== first.offset)) {
    throw new LabError('the vCPUs have no common TSC offset');
  }
  return first.offset;
}
