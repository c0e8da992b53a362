import { TandemError } from '../base/errors.ts';
import { Column } from '../sync/runs/column.ts';
import { type Runs, RunsBuilder } from '../sync/runs/runs.ts';
import { Timeline } from '../timeline/timeline.ts';
import type { TraceFile } from '../trace-file/types.ts';
import { eventsOf, type ReadEvent, readEvent } from './kvm-events.ts';
import { idOf, lanesOf, RAW } from './lanes.ts';

/** A host thread that ran a vCPU. */
export interface VcpuThread {
  readonly pid: number;
  /** KVM's number of the vCPU; undefined where the trace does not tell. */
  readonly vcpuId: number | undefined;
  /** Raw host times less the base. */
  readonly runs: Runs;
}

/** What a host recorded of its vCPUs. */
export interface HostRuns {
  /** Raw host time that the runs count from. */
  readonly base: bigint;
  readonly threads: ReadonlyMap<number, VcpuThread>;
}

/** What a guest recorded, as raw times less a base. */
export interface GuestTimes {
  readonly base: bigint;
  /** Per CPU, ascending. */
  readonly cpus: readonly Float64Array[];
}

/** Which events a host has to record for the checks, as options of `record`. */
export const NEEDED_EVENTS = '-e kvm:kvm_entry -e kvm:kvm_exit';

const TWO_32 = 0x1_0000_0000;

/** Raw times as doubles, relative to the first one. */
class Base {
  #hi: number | undefined;
  #lo = 0;

  relative(hi: number, lo: number): number {
    if (this.#hi === undefined) {
      this.#hi = hi;
      this.#lo = lo;
    }
    return (hi - this.#hi) * TWO_32 + (lo - this.#lo);
  }

  get value(): bigint {
    return (BigInt(this.#hi ?? 0) << 32n) | BigInt(this.#lo);
  }
}

/** kvm_entry and kvm_exit of a host; undefined when its file does not know them. */
export function runEvents(host: TraceFile): { readonly entry: ReadEvent; readonly exit: ReadEvent } | undefined {
  const events = eventsOf(host);
  const { littleEndian } = host.header;
  const entry = readEvent(events, 'kvm', 'kvm_entry', littleEndian);
  const exit = readEvent(events, 'kvm', 'kvm_exit', littleEndian);
  return entry && exit ? { entry, exit } : undefined;
}

/** Reads a host's file: when each vCPU ran. Takes 16 bytes of memory for each time that one did. */
export async function collectRuns(host: TraceFile): Promise<HostRuns> {
  const events = runEvents(host);
  if (!events) throw new TandemError('NOT_FOUND', host.source.name, 'knows no kvm_entry and kvm_exit', hint());
  const { entry, exit } = events;
  const { littleEndian } = host.header;
  const vcpuId = entry.field('vcpu_id');
  const timeline = new Timeline(lanesOf(host, RAW, [entry.id, exit.id]));
  const base = new Base();
  const builders = new Map<number, { readonly runs: RunsBuilder; id: number | undefined }>();
  await timeline.fill();
  while (!timeline.ended) {
    for (let one = timeline.next(); one; one = timeline.next()) {
      const { record, hi, lo } = one;
      if (record.missed !== 0) for (const { runs } of builders.values()) runs.lost();
      const id = idOf(record, littleEndian);
      const isEntry = id === entry.id;
      if (!isEntry && id !== exit.id) continue;
      if (record.end - record.start < (isEntry ? entry : exit).minimumLength) continue;
      const pid = entry.pid(record);
      let builder = builders.get(pid);
      if (builder === undefined) {
        builder = { runs: new RunsBuilder(), id: undefined };
        builders.set(pid, builder);
      }
      const time = base.relative(hi, lo);
      if (isEntry) {
        builder.runs.entered(time);
        if (builder.id === undefined && vcpuId) builder.id = vcpuId(record);
      } else builder.runs.exited(time);
    }
    await timeline.fill();
  }
  const threads = [...builders].map(([pid, { runs, id }]): [number, VcpuThread] => [
    pid,
    { pid, vcpuId: id, runs: runs.finish() },
  ]);
  return { base: base.value, threads: new Map(threads) };
}

/** Reads the times of all of a guest's events: 8 bytes of memory for each. */
export async function collectTimes(guest: TraceFile): Promise<GuestTimes> {
  const timeline = new Timeline(lanesOf(guest, RAW));
  const base = new Base();
  const columns = Array.from({ length: guest.cpuCount }, () => new Column());
  await timeline.fill();
  while (!timeline.ended) {
    for (let one = timeline.next(); one; one = timeline.next())
      columns[one.input.cpu]?.push(base.relative(one.hi, one.lo));
    await timeline.fill();
  }
  // Where a CPU's clock goes back, the order is that of the ring buffer.
  return { base: base.value, cpus: columns.map((column) => column.finish().sort()) };
}

function hint(): string {
  return `record the host with ${NEEDED_EVENTS}`;
}
