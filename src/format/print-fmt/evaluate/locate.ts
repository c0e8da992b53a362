import type { Field } from '../../field.ts';
import type { RecordBytes } from '../../record.ts';
import type { Expression } from '../parse/ast.ts';

/**
 * Finds the bytes of a dynamic array in a record. What points outside of the record is at offset 0, and a length
 * that reaches outside of it is 0.
 */
export class DynamicLocator {
  readonly #at: number;
  readonly #size: number;
  readonly #littleEndian: boolean;
  /** What a relative locator counts from. */
  readonly #base: number;

  constructor(field: Field, littleEndian: boolean) {
    this.#at = field.offset;
    this.#size = field.size;
    this.#littleEndian = littleEndian;
    this.#base = field.isRelative ? field.offset + field.size : 0;
  }

  /** The locator itself, of 4 bytes, or of 2 in old kernels; wider ones hold it in their lower half. */
  #locator(record: RecordBytes): number {
    const at = record.start + this.#at;
    switch (this.#size) {
      case 4:
        return record.view.getUint32(at, this.#littleEndian);
      case 2:
        return record.view.getUint16(at, this.#littleEndian);
      case 8:
        return record.view.getUint32(this.#littleEndian ? at : at + 4, this.#littleEndian);
      case 1:
        return record.bytes[at] as number;
      default:
        return 0;
    }
  }

  /** Offset of the array's bytes from the record's start. May be beyond its end, for a relative locator. */
  offset(record: RecordBytes): number {
    const offset = this.#locator(record) & 0xffff;
    return (offset > record.end - record.start ? 0 : offset) + this.#base;
  }

  /** Bytes of the array, all of them inside of the record as far as an absolute locator says. */
  length(record: RecordBytes): number {
    const locator = this.#locator(record);
    const offset = locator & 0xffff;
    const available = record.end - record.start - offset;
    const length = this.#size === 2 ? available : locator >>> 16;
    return length > available ? 0 : length;
  }
}

/** Finds where an array's bytes are: offset from the record's start. */
export type Locate = (record: RecordBytes) => number;

/** The place of a field or a dynamic array, casts left aside; undefined for what has no place in a record. */
export function locate(expression: Expression, littleEndian: boolean): Locate | undefined {
  switch (expression.kind) {
    case 'cast':
      return locate(expression.value, littleEndian);
    case 'field': {
      const { offset } = expression.field;
      return () => offset;
    }
    case 'dynamic-array': {
      const locator = new DynamicLocator(expression.field, littleEndian);
      return (record) => locator.offset(record);
    }
    default:
      return undefined;
  }
}
