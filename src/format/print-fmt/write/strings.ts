import { ByteWriter } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import { bytesOf } from '../../latin1.ts';
import { evaluator, truth } from '../evaluate/evaluate.ts';
import type { Evaluator } from '../evaluate/evaluator.ts';
import { DynamicLocator } from '../evaluate/locate.ts';
import type { PackedArgument } from '../packed.ts';
import type { Expression } from '../parse/ast.ts';
import { atomText, isAtom } from '../parse/constants.ts';
import { writeCpuList, writeCpuMask } from './bitmask.ts';
import { callText } from './calls.ts';
import { stackTraceWriter } from './functions.ts';
import { arrayWriter, dynamicItemsWriter, hexWriter } from './items.ts';
import { flagNames, type NameWriter, symbolicNames } from './named-values.ts';
import { nothing, type PieceWriter } from './piece-writer.ts';
import { asIs, type Place } from './place.ts';

/** Makes an argument of a `%s` ready. What is no text writes nothing. */
export function stringWriter(expression: Expression, place: Place, env: PrintEnvironment): PieceWriter {
  if (isAtom(expression)) {
    const text = bytesOf(atomText(expression));
    return (out, record) => place(out, record, text, 0, text.length);
  }
  switch (expression.kind) {
    case 'field':
      return fieldWriter(expression.field, place, env);
    case 'flags':
      return namesWriter(evaluator(expression.value, env), flagNames(expression.delimiter, expression.names, place));
    case 'symbolic':
      return namesWriter(evaluator(expression.value, env), symbolicNames(expression.names, place));
    case 'hex':
      return hexWriter(expression.array, evaluator(expression.length, env), expression.separated, env);
    case 'array':
      return arrayWriter(
        expression.array,
        evaluator(expression.count, env),
        evaluator(expression.elementSize, env),
        env,
      );
    case 'dynamic-items':
      return dynamicItemsWriter(expression.field, evaluator(expression.elementSize, env), env);
    case 'dynamic-string':
      return dynamicStringWriter(expression.field, place, env);
    case 'bitmask':
      return bitmaskWriter(expression.field, expression.asList, place, env);
    case 'ternary':
      return choiceWriter(
        evaluator(expression.condition, env),
        stringWriter(expression.whenTrue, place, env),
        stringWriter(expression.whenFalse, place, env),
      );
    case 'stacktrace':
      return stackTraceWriter(expression.field, env);
    case 'packed':
      return packedWriter(expression.argument, place);
    case 'call':
      return callText(expression.name, expression.args, env) ?? nothing;
    default:
      return nothing;
  }
}

function namesWriter({ wide }: Evaluator, write: NameWriter): PieceWriter {
  const register = new U64();
  return (out, record) => {
    wide(record, register);
    write(out, record, register.hi, register.lo);
  };
}

/** A text of a trace_printk; a number in its place is written in decimal. */
function packedWriter(argument: PackedArgument, place: Place): PieceWriter {
  return (out, record) => {
    if (argument.isText) {
      place(out, record, record.bytes, argument.start, argument.end);
      return;
    }
    scratch.clear();
    scratch.decimalI64(argument.value);
    place(out, record, scratch.view(), 0, scratch.length);
  };
}

function choiceWriter(condition: Evaluator, whenTrue: PieceWriter, whenFalse: PieceWriter): PieceWriter {
  const isTrue = truth(condition);
  return (out, record) => {
    if (isTrue(record) !== 0) whenTrue(out, record);
    else whenFalse(out, record);
  };
}

/** Where a text ends: at its NUL, or the given limit. */
function textEnd(bytes: Uint8Array, start: number, limit: number): number {
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return end;
}

function fieldWriter(field: Field, place: Place, env: PrintEnvironment): PieceWriter {
  const { offset, size } = field;
  if (!field.isArray && size === env.longSize) return pointedWriter(field, env);
  return (out, record) => {
    const start = record.start + offset;
    const limit = size === 0 ? record.end : start + size;
    place(out, record, record.bytes, start, textEnd(record.bytes, start, limit));
  };
}

/** A pointer: the format text at that address, else the address. Always little endian, as trace-cmd reads it. */
function pointedWriter({ offset, size }: Field, env: PrintEnvironment): PieceWriter {
  const { printk } = env;
  return (out, record) => {
    const at = record.start + offset;
    const lo = record.view.getUint32(at, true);
    const hi = size === 8 ? record.view.getUint32(at + 4, true) : 0;
    const text = printk.find(hi, lo);
    if (text !== undefined) out.bytes(text);
    else out.hex64(hi, lo);
  };
}

/** The text may be longer than its locator says: up to its NUL. An empty one writes nothing, not even blanks. */
function dynamicStringWriter(field: Field, place: Place, env: PrintEnvironment): PieceWriter {
  const locator = new DynamicLocator(field, env.littleEndian);
  return (out, record) => {
    if (locator.length(record) === 0) return;
    const start = record.start + locator.offset(record);
    if (start < record.end) place(out, record, record.bytes, start, textEnd(record.bytes, start, record.end));
  };
}

const scratch = new ByteWriter(256);

function bitmaskWriter(field: Field, asList: boolean, place: Place, env: PrintEnvironment): PieceWriter {
  const locator = new DynamicLocator(field, env.littleEndian);
  const write = asList ? writeCpuList : writeCpuMask;
  return (out, record) => {
    const start = Math.min(record.start + locator.offset(record), record.end);
    const end = Math.min(start + locator.length(record), record.end);
    if (place === asIs) {
      write(out, record.bytes, start, end, env.littleEndian);
      return;
    }
    scratch.clear();
    write(scratch, record.bytes, start, end, env.littleEndian);
    place(out, record, scratch.view(), 0, scratch.length);
  };
}
