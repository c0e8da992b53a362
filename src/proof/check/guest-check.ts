import { compareHalves } from '../../base/u64.ts';
import type { EventRecord } from '../../format/record.ts';
import { BoundTrack } from '../../time/bound-track.ts';
import type { TraceFile } from '../../trace-file/types.ts';
import type { Causality, CertaintyClass, Rule, RuleResult, Violation } from '../types.ts';
import { LIMITS } from '../types.ts';
import { HaltJudge, InterruptJudge, RunJudge, Tally } from './judges.ts';
import { PacketJudge } from './packets.ts';
import { type GuestReaders, guestReaders } from './readers.ts';

/** Violations that are kept as examples. */
const MOST_EXAMPLES = 4096;
/** Upper ends of the classes of certainty, in units. */
const CLASSES: readonly number[] = [1_000, 10_000, 100_000, 1_000_000];

/** One vCPU. */
export interface Vcpu {
  readonly run: RunJudge;
  readonly halt: HaltJudge;
  readonly interrupt: InterruptJudge;
}

/** What the host's side of a check found out that decides what is missing. */
export interface HostSeen {
  readonly runs: boolean;
  readonly interrupts: boolean;
  readonly packets: boolean;
}

export interface GuestCheckSettings {
  readonly file: TraceFile;
  /** Units of the result that one unit of the samples is. */
  readonly scale: number;
  /** What relative times count from. */
  readonly base: () => bigint;
}

/** All that is checked of one guest, while a timeline goes on. */
export class GuestCheck {
  readonly file: TraceFile;
  readonly vcpus: readonly Vcpu[];
  /** From the guest to the host, and back. */
  readonly toHost: PacketJudge;
  readonly toGuest: PacketJudge;
  events = 0;
  first = Number.POSITIVE_INFINITY;
  last = Number.NEGATIVE_INFINITY;
  readonly #readers: GuestReaders;
  readonly #littleEndian: boolean;
  readonly #tallies: Tally[] = [];
  readonly #violations: Violation[] = [];
  readonly #bounds: readonly BoundTrack[];
  readonly #scale: number;
  readonly #classes = new Array<number>(CLASSES.length + 2).fill(0);
  #fromHi = 0;
  #fromLo = 0;
  #toHi = 0;
  #toLo = 0;
  #sawSwitch = false;
  #sawInterrupt = false;
  #sawPacket = false;

  constructor({ file, scale, base }: GuestCheckSettings) {
    this.file = file;
    this.#scale = scale;
    this.#readers = guestReaders(file);
    this.#littleEndian = file.header.littleEndian;
    const tally = (rule: Rule, cpu: number): Tally => {
      const one = new Tally(rule, cpu, ({ rule, cpu }, time, distance) => {
        if (this.#violations.length >= MOST_EXAMPLES) return;
        this.#violations.push({ rule, cpu, time: base() + BigInt(time), distance });
      });
      this.#tallies.push(one);
      return one;
    };
    this.vcpus = Array.from({ length: file.cpuCount }, (_, cpu) => ({
      run: new RunJudge(tally('run', cpu)),
      halt: new HaltJudge(tally('halt', cpu)),
      interrupt: new InterruptJudge(tally('interrupt', cpu)),
    }));
    this.toHost = new PacketJudge(tally('packet', -1));
    this.toGuest = new PacketJudge(tally('packet', -1));
    const { cpus = [], flags = 0 } = file.timeShift ?? {};
    this.#bounds = Array.from({ length: file.cpuCount }, (_, cpu) => new BoundTrack(cpus[cpu] ?? [], flags));
  }

  /** Takes in an event of the guest. `time`: corrected, relative. */
  saw(record: EventRecord, time: number): void {
    const vcpu = this.vcpus[record.cpu];
    if (vcpu === undefined) return;
    this.events++;
    if (time < this.first) this.first = time;
    if (time > this.last) this.last = time;
    this.#noteRaw(record);
    this.#classify((this.#bounds[record.cpu] as BoundTrack).at(record.tsHi, record.tsLo) * this.#scale);
    if (record.missed !== 0) {
      vcpu.halt.lost();
      vcpu.interrupt.lost();
    }
    vcpu.run.saw(time);
    vcpu.halt.saw();
    if (record.end - record.start >= 2) this.#look(vcpu, record, time);
  }

  #noteRaw({ tsHi, tsLo }: EventRecord): void {
    if (this.events === 1) {
      this.#fromHi = tsHi;
      this.#fromLo = tsLo;
    }
    if (compareHalves(tsHi, tsLo, this.#fromHi, this.#fromLo) < 0) {
      this.#fromHi = tsHi;
      this.#fromLo = tsLo;
    }
    if (compareHalves(tsHi, tsLo, this.#toHi, this.#toLo) > 0) {
      this.#toHi = tsHi;
      this.#toLo = tsLo;
    }
  }

  /** The first and the last stamp, uncorrected. */
  get rawRange(): { readonly from: bigint; readonly to: bigint } {
    const whole = (hi: number, lo: number): bigint => (BigInt(hi) << 32n) | BigInt(lo);
    return { from: whole(this.#fromHi, this.#fromLo), to: whole(this.#toHi, this.#toLo) };
  }

  #look(vcpu: Vcpu, record: EventRecord, time: number): void {
    const { switch: switched, interrupts, send, receive } = this.#readers;
    const id = record.view.getUint16(record.start, this.#littleEndian);
    const length = record.end - record.start;
    if (id === switched?.event.id) {
      if (length < switched.event.minimumLength) return;
      this.#sawSwitch = true;
      vcpu.halt.switched(time, switched.next(record) === 0);
    } else if (id === send?.event.id) {
      if (length < send.event.minimumLength) return;
      this.#sawPacket = true;
      this.toHost.sent(time, send.flow(record));
    } else if (id === receive?.event.id) {
      if (length < receive.event.minimumLength) return;
      this.#sawPacket = true;
      this.toGuest.received(time, receive.flow(record));
    } else if (interrupts.size > 0) {
      const interrupt = interrupts.get(id);
      if (interrupt === undefined || length < interrupt.event.minimumLength) return;
      this.#sawInterrupt = true;
      vcpu.interrupt.handled(time, interrupt.vector(record));
    }
  }

  #classify(bound: number): void {
    let at = 0;
    if (Number.isNaN(bound)) at = CLASSES.length + 1;
    else while (at < CLASSES.length && bound > (CLASSES[at] as number)) at++;
    this.#classes[at]!++;
  }

  /** The host lost events: what was known of its threads does not hold any more. */
  hostLost(): void {
    for (const { run, halt, interrupt } of this.vcpus) {
      run.lost();
      halt.lost();
      interrupt.lost();
    }
  }

  finish(): void {
    this.hostLost();
    this.toHost.finish();
    this.toGuest.finish();
  }

  /** Events by their error bounds; those without one last, with `within` NaN. */
  get certainty(): CertaintyClass[] {
    const ends = [...CLASSES, Number.POSITIVE_INFINITY, Number.NaN];
    return ends.map((within, i) => ({ within, events: this.#classes[i] as number }));
  }

  causality(host: HostSeen): Causality {
    const missing: Record<Rule, RuleResult['missing']> = {
      run: { host: host.runs ? [] : ['kvm:kvm_entry', 'kvm:kvm_exit'], guest: [] },
      halt: { host: host.runs ? [] : ['kvm:kvm_exit'], guest: this.#sawSwitch ? [] : ['sched:sched_switch'] },
      interrupt: {
        host: host.interrupts ? [] : ['kvm:kvm_inj_virq'],
        guest: this.#sawInterrupt ? [] : ['irq_vectors'],
      },
      packet: { host: host.packets ? [] : ['vsock'], guest: this.#sawPacket ? [] : ['vsock'] },
    };
    const rules = (['run', 'halt', 'interrupt', 'packet'] as const).map((rule) => this.#result(rule, missing[rule]));
    return { rules, violations: this.#violations };
  }

  #result(rule: Rule, missing: RuleResult['missing']): RuleResult {
    const tallies = this.#tallies.filter((tally) => tally.rule === rule);
    const sum = (of: (tally: Tally) => number): number => tallies.reduce((all, tally) => all + of(tally), 0);
    return {
      rule,
      missing,
      kept: sum(({ kept }) => kept),
      violated: sum(({ violated }) => violated.total),
      unjudged: sum(({ unjudged }) => unjudged),
      worst: Math.max(0, ...tallies.map(({ violated }) => violated.worst)),
      distribution: Array.from({ length: LIMITS.length + 1 }, (_, i) =>
        sum(({ violated }) => violated.counts[i] as number),
      ),
    };
  }
}
