import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import { type EventFormat, findField } from '../../format/event-format.ts';
import { type SmallReader, smallReader } from '../../format/field-reader.ts';
import type { RecordBytes } from '../../format/record.ts';

const LATENCY = utf8(' Latency: ');
const MICROSECONDS = utf8(' usecs');
/** Priorities up to here are real-time ones. */
const LAST_REAL_TIME_PRIORITY = 99;

interface Wakeup {
  /** Bytes of a whole record; shorter ones are passed over. */
  readonly length: number;
  readonly pid: SmallReader;
  /** Absent on kernels that no longer record wakeups in vain. */
  readonly success: SmallReader | undefined;
}

interface Switch {
  readonly length: number;
  readonly nextPid: SmallReader;
  readonly nextPriority: SmallReader;
}

/** Latencies of one kind of task, ns, and when the extreme ones ended. */
class Statistics {
  count = 0n;
  total = 0n;
  longest = 0n;
  longestAt = 0n;
  shortest = (1n << 64n) - 1n;
  shortestAt = 0n;

  add(latency: bigint, at: bigint): void {
    this.count++;
    this.total = BigInt.asUintN(64, this.total + latency);
    if (latency > this.longest) {
      this.longest = latency;
      this.longestAt = at;
    }
    if (latency < this.shortest) {
      this.shortest = latency;
      this.shortestAt = at;
    }
  }

  text(): string {
    return (
      `\nAverage wakeup latency: ${thousandths(this.total / this.count)} usecs\n` +
      `Maximum Latency: ${thousandths(this.longest)} usecs at timestamp: ${timestamp(this.longestAt)}\n` +
      `Minimum Latency: ${thousandths(this.shortest)} usecs at timestamp: ${timestamp(this.shortestAt)}\n\n`
    );
  }
}

const thousandths = (value: bigint): string => `${value / 1000n}.${String(value % 1000n).padStart(3, '0')}`;

/** As trace-cmd writes it: the fraction is rounded, the second is not. */
function timestamp(time: bigint): string {
  const second = 1_000_000_000n;
  return `${time / second}.${String(((time + 500n) % second) / 1000n).padStart(6, '0')}`;
}

/** `-w`: from a task's wakeup to the switch to it. Numbers are exact; this option is not on the fast path. */
export class WakeupLatency {
  readonly #wakeups = new Map<number, Wakeup>();
  readonly #switchId: number;
  readonly #switch: Switch;
  readonly #wokenAt = new Map<number, bigint>();
  readonly #all = new Statistics();
  /** trace-cmd has a second summary for real-time tasks. */
  readonly #realTime = new Statistics();

  private constructor(switchId: number, readers: Switch) {
    this.#switchId = switchId;
    this.#switch = readers;
  }

  /** Undefined if the file lacks an event or a field that this needs: then nothing is shown of it. */
  static of(find: (name: string) => EventFormat | undefined, littleEndian: boolean): WakeupLatency | undefined {
    const reader = (event: EventFormat | undefined, name: string): SmallReader | undefined => {
      const field = event && findField(event, name);
      return field && smallReader({ ...field, signed: false }, littleEndian);
    };
    const switched = find('sched_switch');
    const nextPid = reader(switched, 'next_pid');
    const nextPriority = reader(switched, 'next_prio');
    if (switched === undefined || nextPid === undefined || nextPriority === undefined) return undefined;
    const latency = new WakeupLatency(switched.id, { length: switched.minimumLength, nextPid, nextPriority });
    for (const name of ['sched_wakeup', 'sched_wakeup_new']) {
      const event = find(name);
      const pid = reader(event, 'pid');
      if (event === undefined && name === 'sched_wakeup_new') continue;
      if (event === undefined || pid === undefined) return undefined;
      latency.#wakeups.set(event.id, { length: event.minimumLength, pid, success: reader(event, 'success') });
    }
    return latency;
  }

  /** Remembers a wakeup; at a switch to a woken task, writes how long that took. */
  write(out: ByteWriter, id: number, record: RecordBytes, timeHi: number, timeLo: number): void {
    const time = () => (BigInt(timeHi) << 32n) | BigInt(timeLo);
    const wakeup = this.#wakeups.get(id);
    const needed = wakeup ?? this.#switch;
    if (record.end - record.start < needed.length) return;
    if (wakeup !== undefined) {
      if (wakeup.success?.(record) !== 0) this.#wokenAt.set(wakeup.pid(record), time());
    } else if (id === this.#switchId) {
      const pid = this.#switch.nextPid(record);
      const start = this.#wokenAt.get(pid);
      if (start === undefined) return;
      this.#wokenAt.delete(pid);
      this.#add(out, BigInt.asUintN(64, time() - start), time(), this.#switch.nextPriority(record));
    }
  }

  #add(out: ByteWriter, latency: bigint, at: bigint, priority: number): void {
    out.bytes(LATENCY);
    out.text(thousandths(latency));
    out.bytes(MICROSECONDS);
    this.#all.add(latency, at);
    if (priority <= LAST_REAL_TIME_PRIORITY) this.#realTime.add(latency, at);
  }

  /** The summary after the last line; empty if nothing was measured. */
  summary(): string {
    if (this.#all.count === 0n) return '';
    return this.#all.text() + (this.#realTime.count === 0n ? '' : `RT task timings:\n${this.#realTime.text()}`);
  }
}
