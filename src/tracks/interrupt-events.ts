import { findField } from '../format/event-format.ts';
import { DynamicLocator } from '../format/print-fmt/evaluate/locate.ts';
import type { EventRecord } from '../format/record.ts';
import type { MachineTracks } from './machine-tracks.ts';
import { EventFields, type TrackEvent } from './track-events.ts';

const SOFT_INTERRUPTS = ['HI', 'TIMER', 'NET_TX', 'NET_RX', 'BLOCK', 'IRQ_POLL', 'TASKLET', 'SCHED', 'HRTIMER', 'RCU'];

/** Keys of interrupts: hard ones have their number. Soft ones never nest in each other. */
const SOFT_KEY = -1;

const decoder = new TextDecoder();

/** Beginnings and ends of what interrupts a CPU. */
export function interruptEvents(machine: MachineTracks): TrackEvent[] {
  return [...hardInterrupts(machine), ...softInterrupts(machine), ...vectors(machine)];
}

function fieldsOf({ file: { events, env } }: MachineTracks, system: string, name: string): EventFields | undefined {
  const event = events.find(system, name);
  return event && new EventFields(event, env.littleEndian);
}

function hardInterrupts(machine: MachineTracks): TrackEvent[] {
  const entry = fieldsOf(machine, 'irq', 'irq_handler_entry');
  const exit = fieldsOf(machine, 'irq', 'irq_handler_exit');
  const entryIrq = entry?.int('irq');
  const exitIrq = exit?.int('irq');
  if (!entry || !exit || !entryIrq || !exitIrq) return [];
  const placeOf = hardNames(entry, machine);
  return [
    entry.make((cpu, record, time) => cpu.interrupts.entered(time, placeOf(entryIrq(record), record))),
    exit.make((cpu, record, time) => cpu.interrupts.left(time, exitIrq(record))),
  ];
}

/** Places of `irq/NUMBER DEVICE`. Devices that share a number are told apart; the last one of each number is at hand. */
function hardNames({ event }: EventFields, machine: MachineTracks): (irq: number, record: EventRecord) => number {
  const { names, file } = machine;
  const field = findField(event, 'name');
  const locator = field?.isDynamic ? new DynamicLocator(field, file.env.littleEndian) : undefined;
  const known = new Map<number, { readonly device: Uint8Array; readonly place: number }>();
  return (irq, record) => {
    const start = record.start + (locator?.offset(record) ?? 0);
    const length = locator?.length(record) ?? 0;
    const last = known.get(irq);
    if (last !== undefined && isThere(last.device, record.bytes, start, length)) return last.place;
    const device = record.bytes.slice(start, Math.min(start + length, record.end));
    const text = decoder.decode(device).split('\0', 1)[0];
    const place = names.interrupts.placeOf(text ? `irq/${irq} ${text}` : `irq/${irq}`, irq);
    known.set(irq, { device, place });
    return place;
  };
}

function isThere(text: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let i = 0; i < length; i++) if (text[i] !== bytes[start + i]) return false;
  return true;
}

function softInterrupts(machine: MachineTracks): TrackEvent[] {
  const entry = fieldsOf(machine, 'irq', 'softirq_entry');
  const exit = fieldsOf(machine, 'irq', 'softirq_exit');
  const vector = entry?.int('vec');
  if (!entry || !exit || !vector) return [];
  const { interrupts } = machine.names;
  const places = SOFT_INTERRUPTS.map((name) => interrupts.placeOf(`softirq ${name}`, SOFT_KEY));
  const placeOf = (number: number): number => places[number] ?? interrupts.placeOf(`softirq ${number}`, SOFT_KEY);
  return [
    entry.make((cpu, record, time) => cpu.interrupts.entered(time, placeOf(vector(record)))),
    exit.make((cpu, _, time) => cpu.interrupts.left(time, SOFT_KEY)),
  ];
}

/** Vectors of x86 that have events of their own. */
function vectors(machine: MachineTracks): TrackEvent[] {
  const { interrupts } = machine.names;
  const formats = machine.file.events.ofSystem('irq_vectors').filter(({ name }) => name.endsWith('_entry'));
  return formats.flatMap(({ name: entryName }) => {
    const name = entryName.slice(0, -'_entry'.length);
    const entry = fieldsOf(machine, 'irq_vectors', entryName);
    const exit = fieldsOf(machine, 'irq_vectors', `${name}_exit`);
    if (!entry || !exit) return [];
    const place = interrupts.placeOf(name);
    const key = interrupts.keys[place] as number;
    return [
      entry.make((cpu, _, time) => cpu.interrupts.entered(time, place)),
      exit.make((cpu, _, time) => cpu.interrupts.left(time, key)),
    ];
  });
}
