import { compareHalves, U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import type { Field } from '../../field.ts';
import { unsignedPrefix } from '../../number-text.ts';
import type { RecordBytes } from '../../record.ts';
import type { BinaryOperator, Expression } from '../parse/ast.ts';
import { callValue } from './call-values.ts';
import {
  constant,
  constantOf,
  type Evaluator,
  fieldValue,
  type LowReader,
  NO_RECORD,
  narrowed,
  small,
  wideOnly,
  ZERO,
} from './evaluator.ts';
import { DynamicLocator } from './locate.ts';
import * as arithmetic from './u64-arithmetic.ts';

/** Makes an expression ready. Whatever has no number, a text for example, counts as 0. */
export function evaluator(expression: Expression, env: PrintEnvironment): Evaluator {
  switch (expression.kind) {
    case 'number':
      return constant(expression.value);
    case 'string':
      return textValue(expression.value, env);
    case 'symbol':
      return symbolValue(expression.name, env);
    case 'field':
      return fieldValue(expression.field, env.littleEndian);
    case 'cast':
      return narrowed(evaluator(expression.value, env), expression.type.size);
    case 'unary':
      return unary(expression.operator, evaluator(expression.value, env));
    case 'binary':
      return binary(expression.operator, evaluator(expression.left, env), evaluator(expression.right, env));
    case 'ternary':
      return choice(
        evaluator(expression.condition, env),
        evaluator(expression.whenTrue, env),
        evaluator(expression.whenFalse, env),
      );
    case 'index':
      return element(expression.array, evaluator(expression.index, env), env);
    case 'dynamic-array': {
      // trace-cmd has an address in its own memory here.
      const locator = new DynamicLocator(expression.field, env.littleEndian);
      return small((record) => locator.offset(record));
    }
    case 'dynamic-array-length': {
      const locator = new DynamicLocator(expression.field, env.littleEndian);
      return small((record) => locator.length(record));
    }
    case 'packed': {
      const { argument } = expression;
      return wideOnly((_record, into) => into.set(argument.value.hi, argument.value.lo));
    }
    case 'call':
      return callValue(expression.name, expression.args, (arg) => evaluator(arg, env), env);
    default:
      return ZERO;
  }
}

/** A text is the number it begins with, or else the address of the function of that name. */
function textValue(text: string, env: PrintEnvironment): Evaluator {
  const value = unsignedPrefix(text);
  return value !== 0n || /^[0-9]/.test(text) ? constant(value) : symbolValue(text, env);
}

function symbolValue(name: string, env: PrintEnvironment): Evaluator {
  return constant(env.symbols.addressOf(name) ?? 0n);
}

/** A number that is 0 exactly where the value is. */
export function truth({ low, wide, isSmall }: Evaluator): LowReader {
  if (isSmall) return low;
  const register = new U64();
  return (record) => {
    wide(record, register);
    return register.hi | register.lo;
  };
}

function unary(operator: '!' | '~' | '-' | '+', value: Evaluator): Evaluator {
  switch (operator) {
    case '!': {
      const isTrue = truth(value);
      return small((record) => (isTrue(record) === 0 ? 1 : 0));
    }
    case '~':
      return wideOnly((record, into) => {
        value.wide(record, into);
        into.set(~into.hi, ~into.lo);
      });
    default:
      return binary(operator, ZERO, value);
  }
}

const WIDE_OPERATIONS: Partial<Record<BinaryOperator, arithmetic.Operation>> = {
  '+': arithmetic.add,
  '-': arithmetic.subtract,
  '*': arithmetic.multiply,
  '/': arithmetic.divide,
  '%': arithmetic.remainder,
  '<<': arithmetic.shiftLeft,
  '>>': arithmetic.shiftRight,
  '&': arithmetic.and,
  '|': arithmetic.or,
};

const COMPARISONS: Partial<Record<BinaryOperator, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
  '==': (order) => order === 0,
  '!=': (order) => order !== 0,
};

function binary(operator: BinaryOperator, left: Evaluator, right: Evaluator): Evaluator {
  const value = operation(operator, left, right);
  return left.isConstant && right.isConstant ? constantOf(value) : value;
}

function operation(operator: BinaryOperator, left: Evaluator, right: Evaluator): Evaluator {
  if (operator === '&&' || operator === '||') {
    const isLeft = truth(left);
    const isRight = truth(right);
    return operator === '&&'
      ? small((record) => (isLeft(record) !== 0 && isRight(record) !== 0 ? 1 : 0))
      : small((record) => (isLeft(record) !== 0 || isRight(record) !== 0 ? 1 : 0));
  }
  // trace-cmd knows this operator between constants only.
  if (operator === '^') return ZERO;
  const compare = COMPARISONS[operator];
  if (compare !== undefined) return comparison(compare, left, right);
  return lowOperation(operator, left, right) ?? wideOperation(operator, left, right);
}

function comparison(compare: (order: number) => boolean, left: Evaluator, right: Evaluator): Evaluator {
  if (left.isSmall && right.isSmall) {
    const { low: lowLeft } = left;
    const { low: lowRight } = right;
    return small((record) => (compare(lowLeft(record) - lowRight(record)) ? 1 : 0));
  }
  const a = new U64();
  const b = new U64();
  return small((record) => {
    left.wide(record, a);
    right.wide(record, b);
    return compare(compareHalves(a.hi, a.lo, b.hi, b.lo)) ? 1 : 0;
  });
}

/** Operations whose result has 32 bits. */
function lowOperation(operator: BinaryOperator, left: Evaluator, right: Evaluator): Evaluator | undefined {
  const { low: a } = left;
  const { low: b } = right;
  const bothSmall = left.isSmall && right.isSmall;
  switch (operator) {
    case '&': {
      if (right.isConstant && right.isSmall) {
        const mask = b(NO_RECORD);
        return small((record) => (a(record) & mask) >>> 0);
      }
      return left.isSmall || right.isSmall ? small((record) => (a(record) & b(record)) >>> 0) : undefined;
    }
    case '|':
      return bothSmall ? small((record) => (a(record) | b(record)) >>> 0) : undefined;
    case '>>':
      if (!left.isSmall) return undefined;
      if (right.isConstant && b(NO_RECORD) < 32) {
        const count = b(NO_RECORD);
        return small((record) => a(record) >>> count);
      }
      return small((record) => {
        const count = b(record) & 63;
        return count > 31 ? 0 : a(record) >>> count;
      });
    case '/':
      if (!bothSmall) return undefined;
      return small((record) => {
        const divisor = b(record);
        return divisor === 0 ? 0 : Math.floor(a(record) / divisor);
      });
    case '%':
      if (!bothSmall) return undefined;
      return small((record) => {
        const divisor = b(record);
        return divisor === 0 ? 0 : a(record) % divisor;
      });
    default:
      return undefined;
  }
}

function wideOperation(operator: BinaryOperator, left: Evaluator, right: Evaluator): Evaluator {
  const calculate = WIDE_OPERATIONS[operator] as arithmetic.Operation;
  const a = new U64();
  const b = new U64();
  const value = wideOnly((record, into) => {
    left.wide(record, a);
    right.wide(record, b);
    calculate(a, b, into);
  });
  const low = lowerHalf(operator, left.low, right.low);
  return low === undefined ? value : { ...value, low };
}

/** The lower half of a result, where the operands' lower halves are all it takes. */
function lowerHalf(operator: BinaryOperator, a: LowReader, b: LowReader): LowReader | undefined {
  switch (operator) {
    case '+':
      return (record) => (a(record) + b(record)) >>> 0;
    case '-':
      return (record) => (a(record) - b(record)) >>> 0;
    case '*':
      return (record) => Math.imul(a(record), b(record)) >>> 0;
    default:
      return undefined;
  }
}

function choice(condition: Evaluator, whenTrue: Evaluator, whenFalse: Evaluator): Evaluator {
  const isTrue = truth(condition);
  const { low: lowTrue, wide: wideTrue } = whenTrue;
  const { low: lowFalse, wide: wideFalse } = whenFalse;
  if (whenTrue.isSmall && whenFalse.isSmall) {
    return small((record) => (isTrue(record) !== 0 ? lowTrue(record) : lowFalse(record)));
  }
  return wideOnly((record, into) => {
    if (isTrue(record) !== 0) wideTrue(record, into);
    else wideFalse(record, into);
  });
}

/**
 * An element of an array. In a dynamic array the index counts bytes. Elements outside of the record, and arrays
 * that are none, read as 0.
 */
function element(array: Expression, index: Evaluator, env: PrintEnvironment): Evaluator {
  let inner = array;
  while (inner.kind === 'cast') inner = inner.value;
  const narrowing = array.kind === 'cast' ? array.type.pointedSize : undefined;
  let value: Evaluator;
  if (inner.kind === 'dynamic-array') {
    const locator = new DynamicLocator(inner.field, env.littleEndian);
    const size = inner.field.elementSize || env.longSize;
    value = bytesAt((record) => locator.offset(record) + index.low(record), size, env.littleEndian);
  } else if (inner.kind === 'field') {
    const { offset, elementSize } = inner.field;
    value = bytesAt((record) => offset + index.low(record) * elementSize, elementSize, env.littleEndian);
  } else return ZERO;
  return narrowing === undefined ? value : narrowed(value, narrowing);
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** A number at an offset in the record that is not known before. */
function bytesAt(offset: LowReader, size: number, littleEndian: boolean): Evaluator {
  const moved: Writable<RecordBytes> = {
    bytes: new Uint8Array(0),
    view: new DataView(new ArrayBuffer(0)),
    start: 0,
    end: 0,
  };
  const { wide } = fieldValue({ offset: 0, size } as Field, littleEndian);
  return wideOnly((record, into) => {
    const at = record.start + offset(record);
    if (at + size > record.end) {
      into.set(0, 0);
      return;
    }
    moved.bytes = record.bytes;
    moved.view = record.view;
    moved.start = at;
    wide(moved, into);
  });
}
