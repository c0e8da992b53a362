import { ConstantText } from '../../../base/constant-text.ts';
import { U64 } from '../../../base/u64.ts';
import { type FamilyFactory, type InfoWriter, lazyPrintFormat } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { hex, type NumberField, unsigned } from '../number-field.ts';

/** Flags in an operation, above its number: 128, FUTEX_PRIVATE_FLAG, and 256, FUTEX_CLOCK_REALTIME. */
const FLAGS_SHIFT = 7;
const FLAGS = 3;
/** By the value of both. */
const FLAG_NAMES = ['', '|FUTEX_PRIVATE_FLAG', '|FUTEX_CLOCK_REALTIME', '|FUTEX_PRIVATE_FLAG|FUTEX_CLOCK_REALTIME'];

/**
 * Operations by their number in the kernel's linux/futex.h, and the arguments they use: `value` in hex or as a
 * count, the fourth as a timeout or as a second count, the second address, the third value.
 */
type Use = 'value' | 'count' | 'timeout' | 'count2' | 'address2' | 'value3';
const OPERATIONS: readonly (readonly [name: string, uses: readonly Use[]])[] = [
  ['WAIT', ['value', 'timeout']],
  ['WAKE', ['count']],
  ['FD', ['count']],
  ['REQUEUE', ['count', 'count2', 'address2']],
  ['CMP_REQUEUE', ['count', 'count2', 'address2', 'value3']],
  ['WAKE_OP', ['count', 'count2', 'address2', 'value3']],
  ['LOCK_PI', ['timeout']],
  ['UNLOCK_PI', []],
  ['TRYLOCK_PI', []],
  ['WAIT_BITSET', ['value', 'timeout', 'value3']],
  ['WAKE_BITSET', ['count', 'value3']],
  ['WAIT_REQUEUE_PI', ['value', 'timeout', 'address2', 'value3']],
  ['CMP_REQUEUE_PI', ['count', 'count2', 'address2', 'value3']],
];

const operation = new U64();
const longHex = (field: NumberField) => hex(field, 8);

export const sysEnterFutex: FamilyFactory = (event, context) => {
  const text = new InfoBuilder(event, context);
  const [uaddr, op, val, utime, uaddr2, val3] = ['uaddr', 'op', 'val', 'utime', 'uaddr2', 'val3'].map((name) =>
    text.need(name),
  ) as [NumberField, NumberField, NumberField, NumberField, NumberField, NumberField];

  const labeled = (label: string, piece: InfoWriter): InfoWriter => {
    const constant = new ConstantText(label);
    return (out, record) => {
      out.constant(constant);
      piece(out, record);
    };
  };
  const uses: Record<Use, InfoWriter> = {
    value: labeled(' val=0x', longHex(val)),
    count: labeled(' val=', unsigned(val)),
    timeout: labeled(' utime=0x', longHex(utime)),
    count2: labeled(' val2=', unsigned(utime)),
    address2: labeled(' uaddr2=0x', longHex(uaddr2)),
    value3: labeled(' val3=0x', longHex(val3)),
  };
  const writeAddress = longHex(uaddr);
  /** The text up to the first address, by operation and flags. */
  const beginnings = OPERATIONS.map(([name]) =>
    FLAG_NAMES.map((flags) => new ConstantText(`op=FUTEX_${name}${flags} uaddr=0x`)),
  );
  const pieces = OPERATIONS.map(([, used]) => used.map((use) => uses[use]));
  const printFormat = lazyPrintFormat(event, context);

  text.add((out, record) => {
    op.read(record, operation);
    const { hi, lo } = operation;
    const command = (lo & ~(FLAGS << FLAGS_SHIFT)) >>> 0;
    const beginning = hi === 0 ? beginnings[command]?.[(lo >>> FLAGS_SHIFT) & FLAGS] : undefined;
    if (beginning === undefined) {
      printFormat(out, record);
      return;
    }
    out.constant(beginning);
    writeAddress(out, record);
    const parts = pieces[command] as InfoWriter[];
    for (let i = 0; i < parts.length; i++) (parts[i] as InfoWriter)(out, record);
  });
  return text.writer();
};
