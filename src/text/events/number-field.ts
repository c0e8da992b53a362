import { U64 } from '../../base/u64.ts';
import { type EventFormat, findField } from '../../format/event-format.ts';
import type { Field } from '../../format/field.ts';
import { type NumberReader, numberReader, type SmallReader, smallReader } from '../../format/field-reader.ts';
import type { InfoWriter } from './context.ts';

/** A field that holds a number, read without its sign: event texts count as if all were unsigned. */
export interface NumberField {
  readonly read: NumberReader;
  /** Set for fields of up to 4 bytes: the shorter way. */
  readonly small: SmallReader | undefined;
}

const register = new U64();

/** `%llu` of a field. (`%lld` of one of up to 4 bytes is the same, as those are not sign-extended.) */
export function unsigned({ small, read }: NumberField): InfoWriter {
  if (small !== undefined) return (out, record) => out.decimal(small(record));
  return (out, record) => {
    read(record, register);
    out.decimalU64(register);
  };
}

/** `%lld` of a field. */
export function signed(field: NumberField): InfoWriter {
  if (field.small !== undefined) return unsigned(field);
  return (out, record) => {
    field.read(record, register);
    out.decimalI64(register);
  };
}

/** `%d` of a field: its low 32 bits with their sign. */
export const int = (field: NumberField): InfoWriter => {
  const low = lowBits(field);
  return (out, record) => out.decimal(low(record) | 0);
};

/** `%llx` of a field, filled with zeros to `width`. */
export function hex({ small, read }: NumberField, width = 0): InfoWriter {
  if (small !== undefined) return (out, record) => out.hex(small(record), width);
  return (out, record) => {
    read(record, register);
    out.hex64(register.hi, register.lo, width);
  };
}

/** The low 32 bits of a field, unsigned. */
export function lowBits({ small, read }: NumberField): SmallReader {
  if (small !== undefined) return small;
  return (record) => {
    read(record, register);
    return register.lo;
  };
}

/** Reads a field as a number, if it has the size of one. */
export function numberField(field: Field | undefined, littleEndian: boolean): NumberField | undefined {
  if (field === undefined || ![1, 2, 4, 8].includes(field.size)) return undefined;
  const plain = { ...field, signed: false };
  return {
    read: numberReader(plain, littleEndian),
    small: field.size < 8 ? smallReader(plain, littleEndian) : undefined,
  };
}

/** Numbers of one event type, its own or common ones, and how long a record must be to have them all. */
export class NumberFields {
  readonly #event: EventFormat;
  readonly #littleEndian: boolean;
  /** Bytes up to the end of the last field that was asked for. */
  extent = 0;

  constructor(event: EventFormat, littleEndian: boolean) {
    this.#event = event;
    this.#littleEndian = littleEndian;
  }

  get(name: string): NumberField | undefined {
    const field = findField(this.#event, name);
    if (field !== undefined) this.extent = Math.max(this.extent, field.offset + field.size);
    return numberField(field, this.#littleEndian);
  }
}
