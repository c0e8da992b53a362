import type { ByteWriter } from '../../base/byte-writer.ts';
import { ConstantText } from '../../base/constant-text.ts';
import type { SmallReader } from '../../format/field-reader.ts';
import type { RecordBytes } from '../../format/record.ts';

const IRQS_OFF = 1;
const IRQS_NOT_SUPPORTED = 2;
const NEED_RESCHED = 4;
const HARD_IRQ = 8;
const SOFT_IRQ = 16;
const DOT = 0x2e;

/** What a record's common fields say of interrupts and preemption; the last two exist on some kernels only. */
export interface LatencyFields {
  readonly flags: SmallReader;
  readonly preemptCount: SmallReader;
  readonly migrateDisable: SmallReader | undefined;
  readonly lockDepth: SmallReader | undefined;
}

/**
 * Which of the two rare columns are shown, decided by the first record of a whole report, as in trace-cmd: a field
 * that is missing or negative there is never shown.
 */
export class RareColumns {
  migrateDisable: boolean | undefined;
  lockDepth: boolean | undefined;
}

/** `d.h1.`: interrupts off, reschedule, interrupt context, preemption depth, migration depth. */
export class FlagsColumn {
  readonly #fields: LatencyFields;
  readonly #rare: RareColumns;
  /** The text of each pair of flags and preempt_count, when it has been seen. */
  readonly #texts: (ConstantText | undefined)[] = new Array(0x1_0000);

  constructor(fields: LatencyFields, rare: RareColumns) {
    this.#fields = fields;
    this.#rare = rare;
  }

  write(out: ByteWriter, record: RecordBytes): void {
    const { flags, preemptCount, migrateDisable, lockDepth } = this.#fields;
    const key = ((flags(record) & 0xff) << 8) | (preemptCount(record) & 0xff);
    out.constant(this.#texts[key] ?? this.#format(key));
    this.#rare.migrateDisable ??= (migrateDisable?.(record) ?? -1) >= 0;
    if (this.#rare.migrateDisable) writeDepth(out, migrateDisable?.(record) ?? -1);
    this.#rare.lockDepth ??= (lockDepth?.(record) ?? -1) >= 0;
    if (this.#rare.lockDepth) writeDepth(out, lockDepth?.(record) ?? -1);
  }

  #format(key: number): ConstantText {
    const flags = key >> 8;
    const irqs = flags & IRQS_OFF ? 'd' : flags & IRQS_NOT_SUPPORTED ? 'X' : '.';
    const hard = flags & HARD_IRQ;
    const context = hard && flags & SOFT_IRQ ? 'H' : hard ? 'h' : flags & SOFT_IRQ ? 's' : '.';
    const depth = (nibble: number) => (nibble === 0 ? '.' : nibble.toString(16));
    const resched = flags & NEED_RESCHED ? 'N' : '.';
    const text = new ConstantText(`${irqs}${resched}${context}${depth(key & 0xf)}${depth((key >> 4) & 0xf)}`);
    this.#texts[key] = text;
    return text;
  }
}

function writeDepth(out: ByteWriter, depth: number): void {
  if (depth < 0) out.byte(DOT);
  else out.decimal(depth);
}
