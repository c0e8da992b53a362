import { ByteWriter } from '../../../base/byte-writer.ts';
import type { Field } from '../../field.ts';
import type { RecordBytes } from '../../record.ts';
import { type Evaluator, type LowReader, small, wideOnly } from '../evaluate/evaluator.ts';
import { DynamicLocator } from '../evaluate/locate.ts';
import type { PieceWriter } from '../write/piece-writer.ts';
import { OP } from './instructions.ts';
import { ProgramBuilder } from './program-builder.ts';

const RUNS = 8;
/** Where the record has no characters, where it has two, and where it says so. */
const EMPTY = 0;
const TEXT = 4;
const PLACE_OF_TEXT = 12;
/** What the record must hold. */
export const REHEARSAL_BYTES: Uint8Array = Uint8Array.of(0, 0, 0, 0, 0x41, 0x41, 0, 0, 0, 0, 0, 0, TEXT, 0, 2, 0);
const NUMBERS: readonly (readonly [hi: number, lo: number])[] = [
  [0, 0],
  [0, 7],
  [0, 12_345],
  [0, -1],
  [5, 6],
  [-1, -1],
];

/** Five of each, each a function of its own: a call that met so few that they all fit its memory would expect only them. */
const READERS: readonly LowReader[] = [() => 1, () => 2, () => 3, () => 4, () => 5];
const WIDE_READERS: readonly Evaluator['wide'][] = [
  (_record, into) => into.set(0, 1),
  (_record, into) => into.set(0, 2),
  (_record, into) => into.set(0, 3),
  (_record, into) => into.set(0, 4),
  (_record, into) => into.set(0, 5),
];
const WRITERS: readonly PieceWriter[] = [
  (out) => out.byte(1),
  (out) => out.byte(2),
  (out) => out.byte(3),
  (out) => out.byte(4),
  (out) => out.byte(5),
];

/**
 * Runs every instruction a few times. JavaScript engines compile a loop for what they have seen of it, and start
 * anew with each instruction that comes later: seen as a whole, it is compiled once, and ready when the first events
 * come. Of records they have to see the very kind that will come: `record` is one that holds REHEARSAL_BYTES.
 */
export function rehearse(record: RecordBytes): void {
  const out = new ByteWriter(1 << 12);
  for (let round = 0; round < RUNS; round++) {
    const program = new ProgramBuilder();
    for (const [hi, lo] of NUMBERS) {
      addValues(program, hi, lo);
      addTexts(program, hi, lo);
    }
    const text = program.build(true);
    for (let i = 0; i < RUNS; i++) text.run(out, record);
    out.clear();
  }
}

function addValues(program: ProgramBuilder, hi: number, lo: number): void {
  program.value(OP.load8, 0);
  program.value(OP.load16, 0);
  program.value(OP.load32, 0);
  program.value(OP.load64, 0, 4);
  for (const end of [8, REHEARSAL_BYTES.length + 1]) program.value(OP.element64, 0, 4, end);
  for (const read of READERS) program.evaluate(small(read));
  for (const read of WIDE_READERS) program.evaluate(wideOnly(read));
  for (const count of [0, 12, 32]) {
    program.value(OP.constant, hi, lo);
    program.value(OP.add, 1, -1);
    program.value(OP.shiftLeft, count);
    program.value(OP.shiftRight, count);
    program.value(OP.and, -1, -1);
  }
  for (const other of [0, 1]) {
    program.value(OP.equal, hi, lo, other);
    const toElse = program.jump(OP.jumpIfZero);
    const toEnd = program.jump(OP.jump);
    program.land(toElse);
    program.land(toEnd);
  }
}

function addTexts(program: ProgramBuilder, hi: number, lo: number): void {
  program.text('a text of more than a word: ');
  program.value(OP.constant, hi, lo);
  for (const width of [0, 12]) {
    program.number(OP.unsigned, width, 0x20);
    program.number(OP.signed, width, 0x30);
    program.number(OP.int, width, 0x20);
    program.number(OP.hex, width, 0x30);
  }
  program.pointer();
  program.textOfValue((to) => to.byte(1));
  program.fixedString(TEXT, 4);
  for (const offset of [EMPTY, PLACE_OF_TEXT]) {
    program.dynamicString(new DynamicLocator({ offset, size: 4, isRelative: false } as Field, true));
  }
  for (const write of WRITERS) program.writer(write);
}
