import { EXIT_REASONS, HALT_REASONS } from '../text/events/families/kvm-exit-reasons.ts';
import type { MachineTracks } from './machine-tracks.ts';
import type { NameList } from './names.ts';
import { EventFields, type TrackEvent } from './track-events.ts';

const VMX = 1;
/** Reasons below are looked up in a table. */
const TABLED = 0x1000;

/** Entries to and exits from guests. */
export function vcpuEvents(machine: MachineTracks): TrackEvent[] {
  const { events, env } = machine.file;
  const { tasks, vcpus } = machine;
  return ['kvm_entry', 'kvm_exit'].flatMap((name) => {
    const event = events.find('kvm', name);
    const fields = event && new EventFields(event, env.littleEndian);
    const pid = fields?.int('common_pid');
    if (!fields || !pid) return [];
    if (name === 'kvm_entry') {
      return [fields.make((cpu, record, time) => vcpus[tasks.slotOf(pid(record))]?.entered(time, cpu.cpu))];
    }
    const reason = fields.int('exit_reason') ?? (() => -1);
    const isa = fields.int('isa') ?? (() => VMX);
    const placeOf = reasonNames(machine.names.exits);
    return [
      fields.make((cpu, record, time) => {
        const vcpu = vcpus[tasks.slotOf(pid(record))];
        if (vcpu === undefined) return;
        const [why, where] = [reason(record), isa(record)];
        vcpu.exited(time, cpu.cpu, placeOf(where, why), why === HALT_REASONS[where]);
      }),
    ];
  });
}

/** Places of the names of exit reasons. */
function reasonNames(names: NameList): (isa: number, reason: number) => number {
  const table = new Int32Array(4 * TABLED).fill(-1);
  const place = (isa: number, reason: number): number =>
    names.placeOf(EXIT_REASONS[isa]?.[reason] ?? `UNKNOWN (${reason >>> 0})`);
  return (isa, reason) => {
    if (isa < 0 || isa > 3 || reason < 0 || reason >= TABLED) return place(isa, reason);
    const at = isa * TABLED + reason;
    if ((table[at] as number) < 0) table[at] = place(isa, reason);
    return table[at] as number;
  };
}
