import { randomBytes } from 'node:crypto';
import { basename } from 'node:path';
import { Command } from 'commander';
import { TandemError } from '../base/errors.ts';
import { collectRuns, type HostRuns } from '../proof/collect.ts';
import { mendClock } from '../proof/refine/mend.ts';
import { amendFile } from '../record/amend.ts';
import { countsTscTicks } from '../time/clock.ts';
import type { SyncSample, TimeShift } from '../time/types.ts';
import type { TraceFile } from '../trace-file/types.ts';
import {
  guestOption,
  type OptionContent,
  timeShiftOption,
  traceIdOption,
  tscOption,
} from '../trace-file/write/content.ts';
import { EXIT_HELP } from './exit-status.ts';
import { openPath } from './open-files.ts';

const NOTES = `
Without -s the offset is found by the events of both files: guest events must lie where the host's kvm_entry and
kvm_exit show that their vCPU ran. Without thread ids, the threads are found, too.
Both files are changed; as they were, they stay as FILE.orig.`;

interface Switches {
  readonly c?: number;
  readonly s: readonly SyncSample[];
}

/** `tandem attach`, ready to be added to the program. */
export function attachCommand(): Command {
  return new Command('attach')
    .description("Pair a guest's file with a host's that was recorded at the same time, but apart.")
    .argument('<host>', "the host's file; it must have kvm_entry and kvm_exit events")
    .argument('<guest>', "the guest's file")
    .argument('[threads...]', "ids of the host threads that may have run the guest's CPUs, such as all of its process")
    .option('-c <cpus>', 'how many CPUs the guest has', cpuCount)
    .option(
      '-s <shift>',
      'offset[,scaling[,fraction bits[,time]]] of a CPU, in order; the last is for the rest',
      addShift,
      [],
    )
    .addHelpText('after', NOTES + EXIT_HELP)
    .action(async (hostPath: string, guestPath: string, threads: string[], switches: Switches) => {
      const pids = threads.map(threadId);
      const files: TraceFile[] = [];
      try {
        const host = await openPath(hostPath);
        files.push(host);
        const guest = await openPath(guestPath);
        files.push(guest);
        await attach(host, guest, pids, switches);
      } finally {
        for (const { source } of files) await source.close();
      }
    });
}

async function attach(host: TraceFile, guest: TraceFile, pids: readonly number[], { c, s }: Switches): Promise<void> {
  const cpus = c ?? guest.cpuCount;
  const hostId = host.traceId ?? newTraceId();
  const guestId = guest.traceId ?? newTraceId();
  if (hostId === guestId) throw new TandemError('USAGE', guest.source.name, 'is the same recording as the host');
  const { timeShift, threads } = s.length > 0 ? await byShifts(host, pids, cpus, s) : await byEvents(host, guest, pids);
  const isKnown = host.guests.some(({ traceId }) => traceId === guestId);
  const vcpus = Array.from({ length: cpus }, (_, cpu) => ({ cpu, pid: threads[cpu] ?? -1 }));
  const order = host.header.littleEndian;
  const ofHost: OptionContent[] = [
    ...(host.traceId === undefined ? [traceIdOption(hostId, order)] : []),
    ...(isKnown ? [] : [guestOption({ name: basename(guest.source.name, '.dat'), traceId: guestId, vcpus }, order)]),
  ];
  if (ofHost.length > 0) await amendFile(host, ofHost);
  await amendFile(guest, guestOptions(host, guest, guestId, { ...timeShift, peerTraceId: hostId }));
  const list = vcpus.map(({ cpu, pid }) => `CPU ${cpu}: ${pid === -1 ? 'unknown' : pid}`).join(', ');
  console.log(`${guest.source.name} is a guest of ${host.source.name}; threads of ${list}`);
}

function guestOptions(host: TraceFile, guest: TraceFile, traceId: bigint, timeShift: TimeShift): OptionContent[] {
  const { littleEndian } = guest.header;
  const { tscToNanoseconds: tsc } = host;
  const isTicks = countsTscTicks(guest.traceClock ?? '') && !guest.tscToNanoseconds?.multiplier;
  return [
    ...(guest.traceId === undefined ? [traceIdOption(traceId, littleEndian)] : []),
    ...(tsc?.multiplier && isTicks ? [tscOption(tsc, littleEndian)] : []),
    timeShiftOption(timeShift, littleEndian),
  ];
}

interface Found {
  readonly timeShift: TimeShift;
  /** By guest CPU. */
  readonly threads: readonly (number | undefined)[];
}

async function byEvents(host: TraceFile, guest: TraceFile, pids: readonly number[]): Promise<Found> {
  const alone = { ...guest, timeShift: undefined };
  const mended = await mendClock({ ...host, guests: [] }, alone, { pids: pids.length > 0 ? pids : undefined });
  if (mended.kind !== 'mended') {
    const why = mended.kind === 'failed' ? mended.why : 'its events tell nothing';
    throw new TandemError('NOT_FOUND', guest.source.name, why, 'or give the offset with -s');
  }
  const { timeShift, events } = mended;
  const worst = timeShift.cpus.flat().reduce((most, { bound = 0n }) => (bound > most ? bound : most), 0n);
  console.error(`tandem: ${events} events prove the offset to +/- ${worst} at worst`);
  return { timeShift, threads: mended.pids };
}

/** As trace-cmd has it: one sample for each CPU, the hypervisor's numbers. */
async function byShifts(
  host: TraceFile,
  pids: readonly number[],
  cpus: number,
  shifts: readonly SyncSample[],
): Promise<Found> {
  const cpuSamples = Array.from({ length: cpus }, (_, cpu) => [shifts[Math.min(cpu, shifts.length - 1)] as SyncSample]);
  const timeShift = { peerTraceId: 0n, flags: 0, cpus: cpuSamples };
  return { timeShift, threads: pids.length === 0 ? [] : threadsInOrder(await collectRuns(host), pids) };
}

/** Of the threads that ran vCPUs, by the number of the vCPU. */
function threadsInOrder({ threads }: HostRuns, pids: readonly number[]): number[] {
  const known = [...threads.values()].filter(({ pid, vcpuId }) => pids.includes(pid) && vcpuId !== undefined);
  return known.sort((a, b) => (a.vcpuId as number) - (b.vcpuId as number)).map(({ pid }) => pid);
}

const newTraceId = (): bigint => randomBytes(8).readBigUInt64LE() | 1n;

function cpuCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 65_536) throw usage(`-c ${text}`, 'is no number of CPUs');
  return count;
}

function threadId(text: string): number {
  if (!/^[1-9]\d{0,9}$/.test(text)) throw usage(text, 'is no thread id');
  return Number(text);
}

function addShift(text: string, before: readonly SyncSample[]): SyncSample[] {
  const fields = text.split(',');
  if (fields.length > 4 || fields[0] === '') throw usage(`-s ${text}`, 'is not offset[,scaling[,fraction[,time]]]');
  const [offset, scaling, fraction, time] = fields.map((field) => integer(field, text));
  if ((fraction ?? 0n) < 0n || (fraction ?? 0n) > 63n) throw usage(`-s ${text}`, 'has a fraction of more than 63 bits');
  const sample = { time: BigInt.asUintN(64, time ?? 0n), offset: BigInt.asIntN(64, offset as bigint) };
  return [...before, { ...sample, scaling: scaling ?? 1n, fraction: Number(fraction ?? 0n) }];
}

/** Decimal, 0x or 0 in front as in C, with a sign; undefined where nothing is written. */
function integer(text: string, whole: string): bigint | undefined {
  if (text === '') return undefined;
  const match = /^(-?)(0x[0-9a-f]+|0[0-7]*|[1-9]\d*)$/i.exec(text);
  if (!match) throw usage(`-s ${whole}`, `"${text}" is no number`);
  const digits = match[2] as string;
  const value = BigInt(/^0[0-7]/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return match[1] === '-' ? -value : value;
}

function usage(subject: string, problem: string): TandemError {
  return new TandemError('USAGE', subject, problem);
}
