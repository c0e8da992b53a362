import { U64 } from '../../../base/u64.ts';
import { type FamilyFactory, type InfoWriter, lazyPrintFormat } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import type { NumberField } from '../number-field.ts';
import { hex, inARow, type Piece, unsigned } from '../pieces.ts';

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

  const uses: Record<Use, readonly Piece[]> = {
    value: [' val=0x', longHex(val)],
    count: [' val=', unsigned(val)],
    timeout: [' utime=0x', longHex(utime)],
    count2: [' val2=', unsigned(utime)],
    address2: [' uaddr2=0x', longHex(uaddr2)],
    value3: [' val3=0x', longHex(val3)],
  };
  const callWriter = (command: number, flags: number): InfoWriter => {
    const [name, used] = OPERATIONS[command] as (typeof OPERATIONS)[number];
    const address = [`op=FUTEX_${name}${FLAG_NAMES[flags]} uaddr=0x`, longHex(uaddr)];
    return inARow([...address, ...used.flatMap((use) => uses[use])], context.env.littleEndian);
  };
  /** By operation and flags. */
  const writers: InfoWriter[] = [];
  const printFormat = lazyPrintFormat(event, context);

  text.add((out, record) => {
    op.read(record, operation);
    const { hi, lo } = operation;
    const command = (lo & ~(FLAGS << FLAGS_SHIFT)) >>> 0;
    if (hi !== 0 || command >= OPERATIONS.length) {
      printFormat(out, record);
      return;
    }
    const flags = (lo >>> FLAGS_SHIFT) & FLAGS;
    const index = command * FLAG_NAMES.length + flags;
    writers[index] ??= callWriter(command, flags);
    writers[index](out, record);
  });
  return text.writer();
};
