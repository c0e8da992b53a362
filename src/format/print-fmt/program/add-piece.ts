import { ByteWriter } from '../../../base/byte-writer.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import { bytesOf, charactersOf } from '../../latin1.ts';
import { NO_RECORD } from '../evaluate/evaluator.ts';
import { DynamicLocator } from '../evaluate/locate.ts';
import type { Expression } from '../parse/ast.ts';
import { atomText, isAtom } from '../parse/constants.ts';
import type { Conversion, Piece } from '../parse/literal.ts';
import { writeFunctionOrAddress } from '../write/functions.ts';
import { flagNames, type NameWriter, symbolicNames } from '../write/named-values.ts';
import { asIs, type Place, placer } from '../write/place.ts';
import { stringWriter } from '../write/strings.ts';
import { OP } from './instructions.ts';
import { LONGEST_FIXED_STRING, type ProgramBuilder } from './program-builder.ts';
import { addChoice, addMask, addValue } from './values.ts';

const BLANK = 0x20;
const ZERO = 0x30;

/** Adds the instructions of a piece. False where there are none for it: it needs a writer of its own. */
export function addPiece(
  program: ProgramBuilder,
  piece: Piece,
  args: readonly Expression[],
  env: PrintEnvironment,
): boolean {
  if (piece.kind === 'text') {
    program.text(piece.text);
    return true;
  }
  const { conversion } = piece;
  if (conversion.star !== undefined) return false;
  const argument = args[piece.argument] as Expression;
  switch (piece.kind) {
    case 'number':
      return addNumber(program, conversion, piece.bytes, argument, env);
    case 'string':
      return addString(program, argument, placer(conversion, undefined), env);
    case 'pointer':
      return addPointer(program, piece.form, argument, env);
  }
}

/** Numbers with a width at most. */
function addNumber(
  program: ProgramBuilder,
  { type, width, leftAligned, signed, alternate, precision, zeroFilled }: Conversion,
  bytes: 1 | 2 | 4 | 8,
  argument: Expression,
  env: PrintEnvironment,
): boolean {
  const isSigned = type === 'd' || type === 'i';
  if (leftAligned || signed || alternate || precision >= 0) return false;
  if (type !== 'x' && type !== 'u' && !isSigned) return false;
  const pad = zeroFilled ? ZERO : BLANK;
  addValue(program, argument, env);
  if (isSigned) {
    if (bytes === 8) program.number(OP.signed, width, pad);
    else program.number(OP.int, width, pad, 32 - 8 * bytes);
    return true;
  }
  if (bytes < 8) addMask(program, bytes);
  program.number(type === 'x' ? OP.hex : OP.unsigned, width, pad);
  return true;
}

const scratch = new ByteWriter(256);

function addString(program: ProgramBuilder, argument: Expression, place: Place, env: PrintEnvironment): boolean {
  if (isAtom(argument)) {
    const text = bytesOf(atomText(argument));
    scratch.clear();
    place(scratch, NO_RECORD, text, 0, text.length);
    program.text(charactersOf(scratch.view()));
    return true;
  }
  switch (argument.kind) {
    case 'flags':
      return addNames(program, argument.value, flagNames(argument.delimiter, argument.names, place), env);
    case 'symbolic':
      return addNames(program, argument.value, symbolicNames(argument.names, place), env);
    case 'field':
      return place === asIs && addFixedString(program, argument.field, env);
    case 'dynamic-string':
      if (place !== asIs) return false;
      program.dynamicString(new DynamicLocator(argument.field, env.littleEndian));
      return true;
    case 'ternary': {
      const add = (branch: Expression) => () => {
        if (!addString(program, branch, place, env)) program.writer(stringWriter(branch, place, env));
      };
      addChoice(program, argument.condition, add(argument.whenTrue), add(argument.whenFalse), env);
      return true;
    }
    default:
      return false;
  }
}

function addNames(program: ProgramBuilder, value: Expression, write: NameWriter, env: PrintEnvironment): boolean {
  addValue(program, value, env);
  program.textOfValue((out, hi, lo) => write(out, NO_RECORD, hi, lo));
  return true;
}

/** An array of characters. A pointer's text is somewhere else. */
function addFixedString(program: ProgramBuilder, field: Field, { longSize }: PrintEnvironment): boolean {
  const { offset, size, isArray } = field;
  if ((!isArray && size === longSize) || size === 0 || size > LONGEST_FIXED_STRING) return false;
  program.fixedString(offset, size);
  return true;
}

/** Plain addresses, and functions. */
function addPointer(program: ProgramBuilder, form: string, argument: Expression, env: PrintEnvironment): boolean {
  if (argument.kind === 'packed') return false;
  if (form === '') {
    addValue(program, argument, env);
    program.pointer();
    return true;
  }
  if (form !== 'F' && form !== 'f' && form !== 'S' && form !== 's') return false;
  const withOffset = form === 'F' || form === 'S';
  addValue(program, argument, env);
  program.textOfValue((out, hi, lo) => writeFunctionOrAddress(out, env.symbols, hi, lo, withOffset));
  return true;
}
