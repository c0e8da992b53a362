import { type ByteWriter, utf8 } from '../../base/byte-writer.ts';
import type { EventRecord } from '../../format/record.ts';
import { BoundTrack } from '../../time/bound-track.ts';
import type { CorrectionRules } from '../../time/correction.ts';

const WIDTH = 14;
const BLANK = 0x20;
const PLUS_MINUS = utf8(' +/-');
const UNKNOWN = utf8(' +/-?');
const NANOSECONDS = utf8('ns');

/**
 * `--bounds`: how far an event's time can be from the truth, rounded up, for events whose times are those of another
 * machine; blank for others. For one buffer: `rules` are how its stamps are corrected.
 */
export class BoundColumn {
  readonly #rules: CorrectionRules;
  readonly #unit: Uint8Array;
  /** Units of the column that a unit of the samples is. */
  readonly #scale: number;
  /** By CPU. */
  readonly #tracks: BoundTrack[] = [];

  constructor(rules: CorrectionRules, countsNanoseconds: boolean) {
    const { tscToNanoseconds: tsc } = rules;
    this.#rules = rules;
    this.#scale = tsc?.multiplier ? tsc.multiplier / 2 ** tsc.shift : 1;
    this.#unit = tsc?.multiplier || countsNanoseconds ? NANOSECONDS : new Uint8Array(0);
  }

  write(out: ByteWriter, record: EventRecord): void {
    const start = out.length;
    const bound = this.of(record);
    if (Number.isNaN(bound)) out.bytes(UNKNOWN);
    else if (bound !== undefined) {
      out.bytes(PLUS_MINUS);
      out.decimal(bound);
      out.bytes(this.#unit);
    } else out.byte(BLANK);
    out.blanks(start + WIDTH - out.length);
  }

  /** The bound of an event; NaN where nothing tells, undefined where times are the machine's own. */
  of({ cpu, tsHi, tsLo }: EventRecord): number | undefined {
    const { timeShift } = this.#rules;
    if (timeShift === undefined) return undefined;
    const track = this.#tracks[cpu] ?? this.#learn(cpu, timeShift);
    return Math.ceil(track.at(tsHi, tsLo) * this.#scale);
  }

  #learn(cpu: number, { cpus, flags }: NonNullable<CorrectionRules['timeShift']>): BoundTrack {
    const samples = [...(cpus[cpu] ?? [])].sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));
    const track = new BoundTrack(samples, flags);
    this.#tracks[cpu] = track;
    return track;
  }
}
