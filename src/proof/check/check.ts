import type { EventRecord } from '../../format/record.ts';
import type { TimelineEntry } from '../../timeline/lane.ts';
import type { GuestCpu } from '../../timeline/pairing.ts';
import { Timeline } from '../../timeline/timeline.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import { CORRECTED, lanesOf, type ProofLane } from '../lanes.ts';
import { GuestCheck, type HostSeen } from './guest-check.ts';
import { type HostReaders, hostReaders } from './readers.ts';

const TWO_32 = 0x1_0000_0000;

/** The host's side of a check: tells each guest's judges what its vCPUs' threads do. */
class HostCheck {
  readonly file: TraceFile;
  readonly seen = { runs: false, interrupts: false, packets: false };
  readonly #readers: HostReaders;
  readonly #guests: readonly GuestCheck[];
  readonly #threads: ReadonlyMap<number, GuestCpu>;
  readonly #littleEndian: boolean;
  #sawInjection = false;

  constructor(file: TraceFile, guests: readonly GuestCheck[], threads: ReadonlyMap<number, GuestCpu>) {
    this.file = file;
    this.#readers = hostReaders(file);
    this.#guests = guests;
    this.#threads = threads;
    this.#littleEndian = file.header.littleEndian;
  }

  /** Ids of the events that it looks at. */
  get wanted(): number[] {
    const { entry, exit, inject, accept, send, receive } = this.#readers;
    const events = [entry, exit, inject?.event, accept?.event, send?.event, receive?.event];
    return events.flatMap((event) => (event ? [event.id] : []));
  }

  saw(record: EventRecord, time: number): void {
    if (record.missed !== 0) for (const guest of this.#guests) guest.hostLost();
    const length = record.end - record.start;
    if (length < 2) return;
    const id = record.view.getUint16(record.start, this.#littleEndian);
    const { entry, exit, inject, accept, send, receive } = this.#readers;
    if (id === exit?.id) {
      if (length >= exit.minimumLength) this.#exited(record, time);
    } else if (id === entry?.id) {
      if (length >= entry.minimumLength) this.#vcpu(entry.pid(record))?.run.entered(time);
    } else if (id === inject?.event.id) {
      if (length < inject.event.minimumLength) return;
      this.#sawInjection = true;
      this.seen.interrupts = true;
      this.#vcpu(inject.event.pid(record))?.interrupt.injected(time, inject.vector(record));
    } else if (id === accept?.event.id) {
      if (length < accept.event.minimumLength || this.#sawInjection) return;
      this.seen.interrupts = true;
      // Only of a single guest is it known whose APIC it is.
      const [only] = this.#guests;
      if (this.#guests.length === 1) only?.vcpus[accept.apic(record)]?.interrupt.accepted(time, accept.vector(record));
    } else if (id === send?.event.id && length >= send.event.minimumLength) {
      this.seen.packets = true;
      for (const { toGuest } of this.#guests) toGuest.sent(time, send.flow(record));
    } else if (id === receive?.event.id && length >= receive.event.minimumLength) {
      this.seen.packets = true;
      for (const { toHost } of this.#guests) toHost.received(time, receive.flow(record));
    }
  }

  #exited(record: EventRecord, time: number): void {
    const { exit, isHalt } = this.#readers;
    const vcpu = exit && this.#vcpu(exit.pid(record));
    if (vcpu === undefined) return;
    this.seen.runs = true;
    vcpu.run.exited(time);
    if (isHalt(record)) vcpu.halt.halted(time);
  }

  #vcpu(pid: number) {
    const place = this.#threads.get(pid);
    return place && this.#guests[place.file - 1]?.vcpus[place.cpu];
  }
}

interface CheckLane extends ProofLane {
  readonly check: GuestCheck | HostCheck;
}

export interface Checked {
  readonly guests: readonly GuestCheck[];
  readonly host: HostSeen;
  /** What the guests' relative times count from. */
  readonly base: bigint;
  /** What could not be read of a file. */
  readonly damageOf: (file: TraceFile) => string[];
}

const NOTHING_SEEN: HostSeen = { runs: false, interrupts: false, packets: false };

/**
 * Goes once through the events of a host and its guests, in the order of their corrected times. `threads` are the
 * host's; the first guest is file 1 in them. `scale` as for GuestCheck, by guest. Memory does not grow with the
 * number of events.
 */
export async function checkGuests(
  hostFile: TraceFile | undefined,
  guestFiles: readonly TraceFile[],
  threads: ReadonlyMap<number, GuestCpu>,
  scale: (guest: TraceFile) => number,
): Promise<Checked> {
  let baseHi = 0;
  let baseLo = 0;
  const base = (): bigint => (BigInt(baseHi) << 32n) | BigInt(baseLo);
  const guests = guestFiles.map((file) => new GuestCheck({ file, scale: scale(file), base }));
  const host = hostFile && new HostCheck(hostFile, guests, threads);
  const inputs = [
    ...(host ? lanesOf(host.file, CORRECTED, host.wanted).map((lane) => ({ ...lane, check: host })) : []),
    ...guests.flatMap((check) => lanesOf(check.file, CORRECTED).map((lane) => ({ ...lane, check }))),
  ];
  const timeline = new Timeline<CheckLane>(inputs);
  const show = ({ input, record, hi, lo }: TimelineEntry<CheckLane>): void =>
    input.check.saw(record, (hi - baseHi) * TWO_32 + (lo - baseLo));
  await timeline.fill();
  let isFirst = true;
  while (!timeline.ended) {
    for (let one = timeline.next(); one; one = timeline.next()) {
      if (isFirst) [baseHi, baseLo, isFirst] = [one.hi, one.lo, false];
      show(one);
    }
    await timeline.fill();
  }
  for (const guest of guests) guest.finish();
  const damageOf = (file: TraceFile): string[] => [
    ...file.warnings,
    ...inputs.flatMap((lane) =>
      lane.file === file ? lane.stream.warnings.map((warning) => `CPU ${lane.cpu}: ${warning}`) : [],
    ),
  ];
  return { guests, host: host?.seen ?? NOTHING_SEEN, base: base(), damageOf };
}
