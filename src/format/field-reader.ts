import type { U64 } from '../base/u64.ts';
import type { Field } from './field.ts';
import type { RecordBytes } from './record.ts';

/** Reads a number from a record into a register: sign-extended to 64 bits where the field is signed. */
export type NumberReader = (record: RecordBytes, into: U64) => void;

/** Reads a field of at most 32 bits as a number: no register needed. */
export type SmallReader = (record: RecordBytes) => number;

/**
 * A reader for a fixed field of 1, 2, 4 or 8 bytes; other sizes read as 0, as they do in trace-cmd.
 * The record must be at least as long as the event's `minimumLength`.
 */
export function numberReader(field: Field, littleEndian: boolean): NumberReader {
  const { offset, size, signed } = field;
  if (size === 8) {
    const [hiAt, loAt] = littleEndian ? [offset + 4, offset] : [offset, offset + 4];
    return (record, into) => {
      into.hi = record.view.getUint32(record.start + hiAt, littleEndian);
      into.lo = record.view.getUint32(record.start + loAt, littleEndian);
    };
  }
  const small = smallReader(field, littleEndian);
  if (signed) {
    return (record, into) => {
      const value = small(record);
      into.hi = value < 0 ? 0xffff_ffff : 0;
      into.lo = value >>> 0;
    };
  }
  return (record, into) => {
    into.hi = 0;
    into.lo = small(record);
  };
}

/** As `numberReader`, for fields of up to 4 bytes; negative where the field is signed and its top bit is set. */
export function smallReader(field: Field, littleEndian: boolean): SmallReader {
  const { offset, size, signed } = field;
  switch (size) {
    case 1:
      return signed
        ? (record) => record.view.getInt8(record.start + offset)
        : (record) => record.bytes[record.start + offset] as number;
    case 2:
      return signed
        ? (record) => record.view.getInt16(record.start + offset, littleEndian)
        : (record) => record.view.getUint16(record.start + offset, littleEndian);
    case 4:
      return signed
        ? (record) => record.view.getInt32(record.start + offset, littleEndian)
        : (record) => record.view.getUint32(record.start + offset, littleEndian);
    default:
      return () => 0;
  }
}
