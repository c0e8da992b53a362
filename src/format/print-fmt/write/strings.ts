import { ByteWriter, utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import { evaluator, truth } from '../evaluate/evaluate.ts';
import type { Evaluator, LowReader } from '../evaluate/evaluator.ts';
import { DynamicLocator } from '../evaluate/locate.ts';
import type { PackedArgument } from '../packed.ts';
import type { Expression, NamedValue } from '../parse/ast.ts';
import { atomText, isAtom } from '../parse/constants.ts';
import { writeCpuList, writeCpuMask } from './bitmask.ts';
import { callText } from './calls.ts';
import { stackTraceWriter } from './functions.ts';
import { arrayWriter, dynamicItemsWriter, hexWriter } from './items.ts';
import { nothing, type PieceWriter } from './piece-writer.ts';
import { asIs, type Place } from './place.ts';

/** Makes an argument of a `%s` ready. What is no text writes nothing. */
export function stringWriter(expression: Expression, place: Place, env: PrintEnvironment): PieceWriter {
  if (isAtom(expression)) {
    const text = utf8(atomText(expression));
    return (out, record) => place(out, record, text, 0, text.length);
  }
  switch (expression.kind) {
    case 'field':
      return fieldWriter(expression.field, place, env);
    case 'flags':
      return flagsWriter(evaluator(expression.value, env), expression.delimiter, expression.names, place);
    case 'symbolic':
      return symbolicWriter(evaluator(expression.value, env), expression.names, place);
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

/** A list of names, with values in halves side by side. */
interface NameTable {
  readonly his: Uint32Array;
  readonly los: Uint32Array;
  readonly texts: readonly Uint8Array[];
}

function nameTable(names: readonly NamedValue[]): NameTable {
  const values = names.map(({ value }) => (value.kind === 'number' ? value.value : 0n));
  return {
    his: Uint32Array.from(values, (value) => Number(value >> 32n)),
    los: Uint32Array.from(values, (value) => Number(value & 0xffff_ffffn)),
    texts: names.map(({ name }) => utf8(name)),
  };
}

function writeUnnamed(out: ByteWriter, hi: number, lo: number): void {
  out.byte(0x30);
  out.byte(0x78);
  out.hex64(hi, lo);
}

/** The first name whose value is the same, else `0x…`. */
function symbolicWriter(value: Evaluator, names: readonly NamedValue[], place: Place): PieceWriter {
  const { his, los, texts } = nameTable(names);
  if (value.isSmall) {
    const byValue = new Map<number, Uint8Array>();
    los.forEach((lo, i) => {
      if (his[i] === 0 && !byValue.has(lo)) byValue.set(lo, texts[i] as Uint8Array);
    });
    const { low } = value;
    return (out, record) => {
      const lo = low(record);
      const text = byValue.get(lo);
      if (text === undefined) writeUnnamed(out, 0, lo);
      else place(out, record, text, 0, text.length);
    };
  }
  const register = new U64();
  return (out, record) => {
    value.wide(record, register);
    for (let i = 0; i < texts.length; i++) {
      if (los[i] !== register.lo || his[i] !== register.hi) continue;
      const text = texts[i] as Uint8Array;
      place(out, record, text, 0, text.length);
      return;
    }
    writeUnnamed(out, register.hi, register.lo);
  };
}

/**
 * All names whose bits are set, and the bits that are left as `0x…`. Where no bits are left, the next name with a
 * negative value follows; a name for the value 0 is never used.
 */
function flagsWriter(value: Evaluator, delimiter: string, names: readonly NamedValue[], place: Place): PieceWriter {
  const { his, los, texts } = nameTable(
    names.filter((name) => name.value.kind !== 'number' || name.value.value !== 0n),
  );
  const between = utf8(delimiter);
  if (value.isSmall && his.every((hi) => hi === 0)) return smallFlagsWriter(value.low, between, los, texts, place);
  const register = new U64();
  return (out, record) => {
    value.wide(record, register);
    let { hi, lo } = register;
    let some = false;
    for (let i = 0; i < texts.length; i++) {
      const flagHi = his[i] as number;
      const flagLo = los[i] as number;
      const text = texts[i] as Uint8Array;
      if ((hi | lo) === 0) {
        if (flagHi < 0x8000_0000) continue;
        place(out, record, text, 0, text.length);
        return;
      }
      if (flagHi >= 0x8000_0000 || (lo & flagLo) >>> 0 !== flagLo || (hi & flagHi) >>> 0 !== flagHi) continue;
      if (some) out.bytes(between);
      some = true;
      place(out, record, text, 0, text.length);
      lo = (lo & ~flagLo) >>> 0;
      hi = (hi & ~flagHi) >>> 0;
    }
    if ((hi | lo) === 0) return;
    if (some) out.bytes(between);
    writeUnnamed(out, hi, lo);
  };
}

/** Flags of 32 bits, none of them negative. */
function smallFlagsWriter(
  value: LowReader,
  between: Uint8Array,
  flags: Uint32Array,
  texts: readonly Uint8Array[],
  place: Place,
): PieceWriter {
  return (out, record) => {
    let rest = value(record) | 0;
    let some = false;
    for (let i = 0; i < flags.length && rest !== 0; i++) {
      const flag = (flags[i] as number) | 0;
      if ((rest & flag) !== flag) continue;
      if (some) out.bytes(between);
      some = true;
      const text = texts[i] as Uint8Array;
      place(out, record, text, 0, text.length);
      rest &= ~flag;
    }
    if (rest === 0) return;
    if (some) out.bytes(between);
    writeUnnamed(out, 0, rest);
  };
}
