import type { DecodedLog } from '../sync/log.ts';
import { countsNanoseconds } from '../time/clock.ts';
import { INTERPOLATE } from '../time/exact-sync.ts';
import { pairFiles } from '../timeline/pairing.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { type Checked, checkGuests } from './check/check.ts';
import type { GuestCheck } from './check/guest-check.ts';
import { cpuFacts } from './facts.ts';
import type { CpuFacts, GuestProof, Unit } from './types.ts';
import { vcpuThreads } from './vcpu-threads.ts';
import { verdictOf } from './verdict.ts';

export interface ProofSettings {
  /** Logs of the sessions' measurements, by the name of the guest's file. */
  readonly logs?: ReadonlyMap<string, DecodedLog> | undefined;
}

/** Units of the corrected times that one unit of a file's samples is. */
export function scaleOf({ tscToNanoseconds }: TraceFile): number {
  if (!tscToNanoseconds?.multiplier) return 1;
  return tscToNanoseconds.multiplier / 2 ** tscToNanoseconds.shift;
}

export function unitOf({ tscToNanoseconds, traceClock }: TraceFile): Unit {
  return tscToNanoseconds?.multiplier || countsNanoseconds(traceClock ?? 'local') ? 'ns' : 'ticks';
}

/**
 * What can be proved of the clocks of all guests among some files: hosts and guests in any order. A guest without its
 * host is described by its samples alone.
 */
export async function proveClocks(files: readonly TraceFile[], settings: ProofSettings = {}): Promise<GuestProof[]> {
  const { hostOf, guestsOf } = pairFiles(files);
  const proofs: GuestProof[] = [];
  for (const [index, guests] of guestsOf.entries()) {
    if (guests.length === 0) continue;
    const group = [files[index] as TraceFile, ...guests.map((guest) => files[guest] as TraceFile)];
    const threads = await vcpuThreads(group);
    const [host, ...guestFiles] = group as [TraceFile, ...TraceFile[]];
    const checked = await checkGuests(host, guestFiles, threads, scaleOf);
    const known = new Set([...threads.values()].map(({ file }) => file));
    for (const [i, check] of checked.guests.entries())
      proofs.push(proofOf(check, host, checked, known.has(i + 1), settings));
  }
  for (const [index, file] of files.entries()) {
    if (file.timeShift === undefined || hostOf[index] !== undefined) continue;
    const checked = await checkGuests(undefined, [file], new Map(), scaleOf);
    proofs.push(proofOf(checked.guests[0] as GuestCheck, undefined, checked, false, settings));
  }
  return proofs;
}

function proofOf(
  check: GuestCheck,
  host: TraceFile | undefined,
  checked: Checked,
  hasThreads: boolean,
  settings: ProofSettings,
): GuestProof {
  const { file, events } = check;
  const { timeShift } = file;
  const facts = {
    ...{ name: file.source.name, hostName: host?.source.name, unit: unitOf(file) },
    ...{ protocol: timeShift && ((timeShift.flags & INTERPOLATE) === 0 ? 'kvm' : 'ptp'), flags: timeShift?.flags },
    ...{ clock: file.traceClock, events, length: events > 0 ? check.last - check.first : 0 },
    ...{ start: events > 0 ? checked.base + BigInt(check.first) : 0n, rawStart: check.rawRange.from },
    cpus: cpusOf(check, settings.logs?.get(file.source.name)),
    certainty: check.certainty,
    causality: host && check.causality(checked.host),
    damage: [...(host ? [host] : []), file].flatMap((one) =>
      checked.damageOf(one).map((text) => `${one.source.name}: ${text}`),
    ),
  };
  return { ...facts, ...verdictOf(facts, hasThreads) };
}

function cpusOf({ file, rawRange }: GuestCheck, log: DecodedLog | undefined): CpuFacts[] {
  const { timeShift } = file;
  if (timeShift === undefined) return [];
  const rounds = log && timeShift.cpus.map((_, cpu) => log.measurements.filter((one) => one.cpu === cpu).length);
  return cpuFacts(timeShift, { scale: scaleOf(file), ...rawRange, rounds });
}
