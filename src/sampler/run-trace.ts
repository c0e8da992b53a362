import type { SubBufferCursor } from '../ring-buffer/record-cursor.ts';
import { Column } from '../sync/runs/column.ts';
import { RunsBuilder } from '../sync/runs/runs.ts';
import type { RunWatch, VcpuRuns } from '../sync/types.ts';
import { EventSwitches } from './event-switches.ts';
import type { MarkerInstance, RunEvents } from './marker-instance.ts';
import type { RawMarkers } from './raw-markers.ts';

/** The event begins with the common fields: u16 type, u8 flags, u8 preempt count, i32 thread. */
const THREAD_AT = 4;
const TWO_32 = 0x1_0000_0000;

/**
 * When a guest's vCPUs run: kvm_entry and kvm_exit in the instance that takes the markers, so that both have stamps of
 * one clock and one buffer. The events are on only while a measurement goes on.
 */
export class RunTrace implements RunWatch {
  readonly #markers: RawMarkers;
  readonly #events: RunEvents;
  readonly #littleEndian: boolean;
  readonly #switches: EventSwitches;
  readonly #tell: (problem: string) => void;
  #thread = -1;
  /** Upper half of the first stamp's time, from which the others count. */
  #base: number | undefined;
  /** Of each event, twice its time, relative to the base, and 1 more of an exit. */
  #times = new Column();
  #isBroken = false;

  /**
   * `tell` hears why events can not be switched: then no runs are known.
   * @throws TandemError where there are none
   */
  constructor(instance: MarkerInstance, events: RunEvents, markers: RawMarkers, tell: (problem: string) => void) {
    this.#markers = markers;
    this.#events = events;
    this.#littleEndian = instance.layout.littleEndian;
    this.#tell = tell;
    this.#switches = new EventSwitches(instance.path, [events.entry, events.exit]);
    markers.onOther = (record) => this.#take(record);
  }

  begin(cpu: number): void {
    // What a measurement that failed has left behind.
    this.#markers.read();
    this.#thread = this.#events.threads[cpu] ?? -1;
    this.#base = undefined;
    this.#times = new Column();
    this.#isBroken = false;
    if (this.#thread !== -1) this.#turn('on');
  }

  end(): void {
    if (this.#thread !== -1) this.#turn('off');
  }

  runs(): VcpuRuns | undefined {
    if (this.#base === undefined || this.#isBroken) return undefined;
    const builder = new RunsBuilder();
    // The thread may have gone from one CPU to another, whose buffers were read one after the other.
    for (const time of this.#times.finish().sort()) {
      const at = Math.floor(time / 2);
      if (time % 2 === 0) builder.entered(at);
      else builder.exited(at);
    }
    const { starts, ends } = builder.finish();
    const start = BigInt(this.#base) << 32n;
    const stamps = (times: Float64Array): BigUint64Array =>
      BigUint64Array.from(times, (time) => (Number.isFinite(time) ? start + BigInt(time) : 0n));
    return { entries: stamps(starts), exits: stamps(ends) };
  }

  #take({ view, start, end, tsHi, tsLo, missed }: SubBufferCursor): void {
    if (missed !== 0) this.#isBroken = true;
    const { entry, exit } = this.#events;
    const littleEndian = this.#littleEndian;
    if (end - start < THREAD_AT + 4) return;
    const id = view.getUint16(start, littleEndian);
    if (id !== entry.id && id !== exit.id) return;
    if (view.getInt32(start + THREAD_AT, littleEndian) !== this.#thread) return;
    this.#base ??= tsHi;
    this.#times.push(2 * ((tsHi - this.#base) * TWO_32 + tsLo) + (id === exit.id ? 1 : 0));
  }

  #turn(way: 'on' | 'off'): void {
    const problem = this.#switches.turn(way);
    if (problem === undefined) return;
    this.#isBroken = true;
    this.#tell(problem);
  }

  /** Only now can the instance be removed. */
  close(): void {
    this.#switches.close();
  }
}
