import { findField } from '../format/event-format.ts';
import type { SmallReader } from '../format/field-reader.ts';
import type { EventRecord } from '../format/record.ts';
import { lowBits, numberField } from '../text/events/number-field.ts';
import type { ReportFile } from '../text/report/report-file.ts';
import type { Correction } from '../time/correction.ts';
import type { TimelineInput } from '../timeline/lane.ts';
import type { CpuStream } from '../trace-file/stream-types.ts';
import { callEvents } from './call-events.ts';
import { EventBuffer } from './columns.ts';
import { interruptEvents } from './interrupt-events.ts';
import type { CpuTracks, MachineTracks } from './machine-tracks.ts';
import { schedEvents } from './sched-events.ts';
import type { TrackEvent } from './track-events.ts';
import { UNKNOWN_PID } from './types.ts';
import { vcpuEvents } from './vcpu-events.ts';

/** What a machine's events mean. */
export class EventMeanings {
  /** By event id: 0, or the place of the event in `events`, counted from 1. */
  readonly slots = new Uint8Array(0x1_0000);
  readonly events: readonly TrackEvent[];
  readonly switchSlot: number;
  /** Who was running, of any event that has so many bytes. */
  readonly pid: SmallReader;
  readonly pidEnd: number;
  readonly littleEndian: boolean;

  constructor(machine: MachineTracks) {
    const { file } = machine;
    this.events = [
      ...schedEvents(machine),
      ...interruptEvents(machine),
      ...callEvents(machine),
      ...vcpuEvents(machine),
    ];
    for (const [place, { id }] of this.events.entries()) this.slots[id] = place + 1;
    this.switchSlot = this.slots[file.events.find('sched', 'sched_switch')?.id ?? 0] as number;
    [this.pid, this.pidEnd] = pidReader(file);
    this.littleEndian = file.env.littleEndian;
  }
}

function pidReader({ events, env }: ReportFile): [SmallReader, number] {
  for (const event of events) {
    const field = findField(event, 'common_pid');
    const number = numberField(field, env.littleEndian);
    if (field === undefined || number === undefined) continue;
    const low = lowBits(number);
    return [(record) => low(record) | 0, field.offset + field.size];
  }
  return [() => UNKNOWN_PID, 0];
}

/** A stream of events on its way into tracks. */
export class LaneTracks implements TimelineInput {
  readonly stream: CpuStream;
  readonly correction: Correction;
  /** Of this lane's events. */
  readonly rows = new EventBuffer();

  readonly #machine: MachineTracks;
  readonly #meanings: EventMeanings;
  readonly #cpu: CpuTracks;
  /** Time of the event before; NaN at the first one. */
  #last = Number.NaN;

  constructor(stream: CpuStream, correction: Correction, machine: MachineTracks, meanings: EventMeanings) {
    this.stream = stream;
    this.correction = correction;
    this.#machine = machine;
    this.#meanings = meanings;
    this.#cpu = machine.cpu(stream.cpu);
  }

  /** Takes in an event. Where stamps go back, it stays at the latest time so far. Returns that. */
  saw(record: EventRecord, stamp: number): number {
    const meanings = this.#meanings;
    const machine = this.#machine;
    const last = this.#last;
    const time = stamp < last ? last : stamp;
    this.#last = time;
    const { start, end, missed } = record;
    const length = end - start;
    const id = length < 2 ? 0 : record.view.getUint16(start, meanings.littleEndian);
    const pid = length < meanings.pidEnd ? UNKNOWN_PID : meanings.pid(record);
    const slot = meanings.slots[id] as number;
    this.rows.push(time, id, pid);
    machine.seen[id] = 1;
    if (time > machine.last) machine.last = time;
    if (missed !== 0 || Number.isNaN(last)) this.#begin(time, pid, Number.isNaN(last) ? time : last, missed, slot);
    if (slot === 0) return time;
    const event = meanings.events[slot - 1] as TrackEvent;
    if (length >= event.minimumLength && this.#cpu.belongs(slot, this)) event.handle(this.#cpu, record, time);
    return time;
  }

  #begin(time: number, pid: number, before: number, missed: number, slot: number): void {
    const { tasks } = this.#cpu;
    tasks.begins(time);
    if (missed === 0) return;
    this.#machine.lost(before, this.#cpu);
    if (slot === 0 || slot !== this.#meanings.switchSlot) tasks.resumes(time, pid);
  }
}
