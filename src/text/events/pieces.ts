import { OP } from '../../format/print-fmt/program/instructions.ts';
import { ProgramBuilder } from '../../format/print-fmt/program/program-builder.ts';
import type { EventRecord } from '../../format/record.ts';
import type { InfoWriter } from './context.ts';
import type { NumberField } from './number-field.ts';

/** A part of an event's text: the same for all records, in ASCII; a number of the record; what a function writes. */
export type Piece = string | NumberPiece | InfoWriter;

/** A number field, and the instruction that shows it. */
export interface NumberPiece {
  readonly field: NumberField;
  readonly op: typeof OP.unsigned | typeof OP.signed | typeof OP.int | typeof OP.hex;
  /** Filled with zeros to so many digits. */
  readonly width: number;
}

const ZERO = 0x30;

/** `%llu` of a field. (`%lld` of one of up to 4 bytes is the same, as those are not sign-extended.) */
export const unsigned = (field: NumberField, width = 0): NumberPiece => ({ field, op: OP.unsigned, width });

/** `%lld` of a field. */
export const signed = (field: NumberField): NumberPiece => ({
  field,
  op: field.size < 8 ? OP.unsigned : OP.signed,
  width: 0,
});

/** `%d` of a field: its low 32 bits with their sign. */
export const int = (field: NumberField): NumberPiece => ({ field, op: OP.int, width: 0 });

/** `%llx` of a field, filled with zeros to `width`. */
export const hex = (field: NumberField, width = 0): NumberPiece => ({ field, op: OP.hex, width });

/** A writer of pieces in a row. */
export function inARow(pieces: readonly Piece[], littleEndian: boolean): InfoWriter {
  const [only] = pieces;
  if (pieces.length === 1 && typeof only === 'function') return only;
  const program = new ProgramBuilder<EventRecord>();
  for (const piece of pieces) {
    if (typeof piece === 'string') program.text(piece);
    else if (typeof piece === 'function') program.writer(piece);
    else {
      program.load(piece.field, littleEndian);
      program.number(piece.op, piece.width, ZERO);
    }
  }
  const text = program.build(littleEndian);
  return (out, record) => text.run(out, record);
}
