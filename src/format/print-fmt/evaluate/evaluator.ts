import { U64 } from '../../../base/u64.ts';
import type { Field } from '../../field.ts';
import type { RecordBytes } from '../../record.ts';
import type { CastType } from '../parse/ast.ts';

/** The lower 32 bits of a value, as a number without a sign. */
export type LowReader = (record: RecordBytes) => number;

/**
 * An expression made ready to be evaluated, record by record, without an allocation: unsigned, 64 bits.
 * Most values need 32 bits only, and most conversions print no more: `low` is the way that needs no register.
 */
export interface Evaluator {
  readonly low: LowReader;
  readonly wide: (record: RecordBytes, into: U64) => void;
  /** True when no value is larger than 32 bits: `low` is then all of it. */
  readonly isSmall: boolean;
  /** True when the value is the same for all records. */
  readonly isConstant: boolean;
}

/** For values that never need more than 32 bits. */
export const small = (low: LowReader): Evaluator => ({
  low,
  wide: (record, into) => {
    into.hi = 0;
    into.lo = low(record);
  },
  isSmall: true,
  isConstant: false,
});

/** For values that have no shorter way to their lower half. */
export function wideOnly(wide: Evaluator['wide']): Evaluator {
  const register = new U64();
  return {
    low: (record) => {
      wide(record, register);
      return register.lo;
    },
    wide,
    isSmall: false,
    isConstant: false,
  };
}

export function constant(value: bigint): Evaluator {
  const register = new U64();
  register.setBigInt(value);
  const { hi, lo } = register;
  return { low: () => lo, wide: (_record, into) => into.set(hi, lo), isSmall: hi === 0, isConstant: true };
}

/** A record for what does not look at it. */
export const NO_RECORD: RecordBytes = {
  bytes: new Uint8Array(0),
  view: new DataView(new ArrayBuffer(0)),
  start: 0,
  end: 0,
};

/** The value of an expression that looks at no record. */
export function constantOf(value: Evaluator): Evaluator {
  const register = new U64();
  value.wide(NO_RECORD, register);
  return constant(register.toBigInt());
}

export const ZERO = constant(0n);

/** A fixed field without its sign. Sizes that are no number's read as 0. */
export function fieldValue(field: Field, littleEndian: boolean): Evaluator {
  const { offset, size } = field;
  switch (size) {
    case 1:
      return small((record) => record.bytes[record.start + offset] as number);
    case 2:
      return small((record) => record.view.getUint16(record.start + offset, littleEndian));
    case 4:
      return small((record) => record.view.getUint32(record.start + offset, littleEndian));
    case 8: {
      const hiAt = littleEndian ? offset + 4 : offset;
      const loAt = littleEndian ? offset : offset + 4;
      return {
        low: (record) => record.view.getUint32(record.start + loAt, littleEndian),
        wide: (record, into) => {
          into.hi = record.view.getUint32(record.start + hiAt, littleEndian);
          into.lo = record.view.getUint32(record.start + loAt, littleEndian);
        },
        isSmall: false,
        isConstant: false,
      };
    }
    default:
      return ZERO;
  }
}

/** The lower `size` bytes of a value. */
export function narrowed(value: Evaluator, size: CastType['size']): Evaluator {
  const { low, isSmall } = value;
  if (size === 8 || (size === 4 && isSmall)) return value;
  if (size === 4) return small(low);
  const mask = size === 1 ? 0xff : 0xffff;
  return small((record) => low(record) & mask);
}
