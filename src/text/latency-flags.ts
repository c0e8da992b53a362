import type { ByteWriter } from '../base/byte-writer.ts';
import { asciiWord } from '../base/constant-text.ts';
import type { TextVersion } from '../format/environment.ts';
import type { Field } from '../format/field.ts';
import { type SmallReader, smallReader } from '../format/field-reader.ts';
import type { RecordBytes } from '../format/record.ts';

/** Bits of common_flags, as the kernel's enum trace_flag_type has them. */
const IRQS_OFF = 1;
const NEED_RESCHED_LAZY = 2; // "irqs-off unknown" to kernels before 6.13 and to 3.1
const NEED_RESCHED = 4;
const HARDIRQ = 8;
const SOFTIRQ = 16;
const NONE = '.';
const NONE_CODE = 0x2e;

function interruptLetter(flags: number): string {
  if (flags & HARDIRQ) return flags & SOFTIRQ ? 'H' : 'h';
  return flags & SOFTIRQ ? 's' : NONE;
}

function flagLetters(flags: number, version: TextVersion): string {
  const unknown = version === '3.1' && flags & NEED_RESCHED_LAZY ? 'X' : NONE;
  const lazy = version !== '3.1' && flags & NEED_RESCHED_LAZY ? 'L' : NONE;
  return (flags & IRQS_OFF ? 'd' : unknown) + (flags & NEED_RESCHED ? 'N' : lazy) + interruptLetter(flags);
}

const nibble = (value: number): string => (value === 0 ? NONE : value.toString(16));

/** Texts of all values of a byte. */
const words = (textOf: (byte: number) => string): Int32Array =>
  Int32Array.from({ length: 256 }, (_, byte) => asciiWord(textOf(byte)));

const FLAGS: Readonly<Record<TextVersion, Int32Array>> = {
  '3.1': words((flags) => flagLetters(flags, '3.1')),
  '3.4': words((flags) => flagLetters(flags, '3.4')),
};
const FLAG_LETTERS = 3;
/** Preemption depth, then migrate-disable depth. */
const COUNTS = words((count) => nibble(count & 0xf) + nibble(count >> 4));
const COUNT_LETTERS = 2;

/**
 * Whether the columns behind the five are shown at all. trace-cmd decides on the first record that it shows, of
 * whatever file: one report has one of these.
 */
export class ExtraColumns {
  lockDepth: boolean | undefined;
  migrateDisable: boolean | undefined;
}

/** Writes the latency column of a record: `d..2.`, `dNh1.`. */
export type FlagsColumn = (out: ByteWriter, record: RecordBytes) => void;

/** Makes the latency column of a file's records ready. `fields` are the common ones of any of its events. */
export function compileFlagsColumn(
  fields: readonly Field[],
  littleEndian: boolean,
  version: TextVersion,
  extra: ExtraColumns,
): FlagsColumn {
  const reader = (name: string): SmallReader | undefined => {
    const field = fields.find((candidate) => candidate.name === name);
    return field && smallReader({ ...field, signed: field.size === 4 }, littleEndian);
  };
  const readFlags = reader('common_flags') ?? (() => 0xff);
  const readCount = reader('common_preempt_count') ?? (() => 0xff);
  const letters = FLAGS[version];
  // A known mistake of trace-cmd: where there is a lock depth, it is read in place of the migrate-disable count too.
  const readLockDepth = reader('common_lock_depth');
  const readExtra = readLockDepth ?? reader('common_migrate_disable');

  const writeFive: FlagsColumn = (out, record) => {
    out.reserve(FLAG_LETTERS + COUNT_LETTERS);
    const at = out.length;
    out.words.setInt32(at, letters[readFlags(record) & 0xff] as number, true);
    out.words.setInt32(at + FLAG_LETTERS, COUNTS[readCount(record) & 0xff] as number, true);
    out.advanceTo(at + FLAG_LETTERS + COUNT_LETTERS);
  };
  return (out, record) => {
    writeFive(out, record);
    if (extra.lockDepth === false && extra.migrateDisable === false) return;
    const value = readExtra ? readExtra(record) : -1;
    extra.lockDepth ??= readLockDepth !== undefined && value >= 0;
    extra.migrateDisable ??= value >= 0;
    if (extra.migrateDisable) writeExtra(out, value);
    if (extra.lockDepth) writeExtra(out, readLockDepth ? value : -1);
  };
}

function writeExtra(out: ByteWriter, value: number): void {
  if (value < 0) out.byte(NONE_CODE);
  else out.decimal(value);
}
