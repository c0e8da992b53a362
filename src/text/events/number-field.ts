import { U64 } from '../../base/u64.ts';
import { type EventFormat, findField } from '../../format/event-format.ts';
import type { Field } from '../../format/field.ts';
import { type NumberReader, numberReader, type SmallReader, smallReader } from '../../format/field-reader.ts';

/** A field that holds a number, read without its sign: event texts count as if all were unsigned. */
export interface NumberField extends Pick<Field, 'offset' | 'size'> {
  readonly read: NumberReader;
  /** Set for fields of up to 4 bytes: the shorter way. */
  readonly small: SmallReader | undefined;
}

/** The low 32 bits of a field, unsigned. */
export function lowBits({ small, read }: NumberField): SmallReader {
  if (small !== undefined) return small;
  const register = new U64();
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
    offset: field.offset,
    size: field.size,
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
