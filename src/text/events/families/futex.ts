import { utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import { type FamilyFactory, type InfoWriter, lazyPrintFormat } from '../context.ts';
import { InfoBuilder } from '../info-builder.ts';
import { hex, type NumberField, unsigned } from '../number-field.ts';

const PRIVATE = 128;
const CLOCK_REALTIME = 256;
const PRIVATE_TEXT = utf8('|FUTEX_PRIVATE_FLAG');
const CLOCK_REALTIME_TEXT = utf8('|FUTEX_CLOCK_REALTIME');

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
    const bytes = utf8(label);
    return (out, record) => {
      out.bytes(bytes);
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
  const writeAddress = labeled(' uaddr=0x', longHex(uaddr));
  const names = OPERATIONS.map(([name]) => utf8(`op=FUTEX_${name}`));
  const pieces = OPERATIONS.map(([, used]) => [writeAddress, ...used.map((use) => uses[use])]);
  const printFormat = lazyPrintFormat(event, context);

  text.add((out, record) => {
    op.read(record, operation);
    const { hi, lo } = operation;
    const command = (lo & ~(PRIVATE | CLOCK_REALTIME)) >>> 0;
    const name = hi === 0 ? names[command] : undefined;
    if (name === undefined) {
      printFormat(out, record);
      return;
    }
    out.bytes(name);
    if (lo & PRIVATE) out.bytes(PRIVATE_TEXT);
    if (lo & CLOCK_REALTIME) out.bytes(CLOCK_REALTIME_TEXT);
    const parts = pieces[command] as InfoWriter[];
    for (let i = 0; i < parts.length; i++) (parts[i] as InfoWriter)(out, record);
  });
  return text.writer();
};
