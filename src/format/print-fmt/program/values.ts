import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import { evaluator } from '../evaluate/evaluate.ts';
import { NO_RECORD } from '../evaluate/evaluator.ts';
import type { Expression } from '../parse/ast.ts';
import { OP } from './instructions.ts';
import type { ProgramBuilder } from './program-builder.ts';

type Binary = Extract<Expression, { kind: 'binary' }>;

/** Instructions after which the value is that of an expression, whatever it is. */
export function addValue(program: ProgramBuilder, expression: Expression, env: PrintEnvironment): void {
  const constant = constantOf(expression, env);
  if (constant !== undefined) program.value(OP.constant, constant.hi, constant.lo);
  else if (!addKnownValue(program, expression, env)) program.evaluate(evaluator(expression, env));
}

/** True where instructions were found that need no evaluator, at least not for all of it. */
function addKnownValue(program: ProgramBuilder, expression: Expression, env: PrintEnvironment): boolean {
  switch (expression.kind) {
    case 'field':
      return program.load(expression.field, env.littleEndian);
    case 'cast': {
      const { size } = expression.type;
      addValue(program, expression.value, env);
      if (size < 8) addMask(program, size);
      return true;
    }
    case 'unary':
      if (expression.operator !== '!') return false;
      addValue(program, expression.value, env);
      program.value(OP.equal);
      return true;
    case 'binary':
      return addOperation(program, expression, env);
    case 'ternary':
      addChoice(
        program,
        expression.condition,
        () => addValue(program, expression.whenTrue, env),
        () => addValue(program, expression.whenFalse, env),
        env,
      );
      return true;
    case 'index':
      return addElement(program, expression.array, expression.index, env);
    default:
      return false;
  }
}

/** The lower `size` bytes of the value, 1, 2 or 4. */
export function addMask(program: ProgramBuilder, size: number): void {
  program.value(OP.and, 0, size === 4 ? -1 : size === 2 ? 0xffff : 0xff);
}

/** One or the other, by the condition's value. */
export function addChoice(
  program: ProgramBuilder,
  condition: Expression,
  whenTrue: () => void,
  whenFalse: () => void,
  env: PrintEnvironment,
): void {
  addValue(program, condition, env);
  const toFalse = program.jump(OP.jumpIfZero);
  whenTrue();
  const toEnd = program.jump(OP.jump);
  program.land(toFalse);
  whenFalse();
  program.land(toEnd);
}

function constantOf(expression: Expression, env: PrintEnvironment): U64 | undefined {
  if (expression.kind === 'ternary') return undefined;
  const value = evaluator(expression, env);
  if (!value.isConstant) return undefined;
  const register = new U64();
  value.wide(NO_RECORD, register);
  return register;
}

/** A number of 8 bytes in a fixed array, at an index that never changes. */
function addElement(program: ProgramBuilder, array: Expression, index: Expression, env: PrintEnvironment): boolean {
  if (array.kind !== 'field' || array.field.elementSize !== 8) return false;
  const number = constantOf(index, env);
  if (number === undefined || number.hi !== 0) return false;
  const { offset, size } = array.field;
  const at = offset + 8 * number.lo;
  if (at + 8 > offset + size) return false;
  program.value(OP.element64, env.littleEndian ? at : at + 4, env.littleEndian ? at + 4 : at, at + 8);
  return true;
}

/** An operation with a constant. */
function addOperation(program: ProgramBuilder, { operator, left, right }: Binary, env: PrintEnvironment): boolean {
  const constantRight = constantOf(right, env);
  const isCommutative = operator === '+' || operator === '&' || operator === '==' || operator === '!=';
  const constant = constantRight ?? (isCommutative ? constantOf(left, env) : undefined);
  if (constant === undefined) return false;
  const { hi, lo } = constant;
  const operand = constantRight === undefined ? right : left;
  const count = lo & 63;
  switch (operator) {
    case '+':
      addValue(program, operand, env);
      program.value(OP.add, hi, lo);
      return true;
    case '-':
      addValue(program, operand, env);
      program.value(OP.add, lo === 0 ? -hi : ~hi, -lo);
      return true;
    case '&':
      addValue(program, operand, env);
      program.value(OP.and, hi, lo);
      return true;
    case '<<':
      addValue(program, operand, env);
      program.value(OP.shiftLeft, count);
      return true;
    case '>>':
      addValue(program, operand, env);
      program.value(OP.shiftRight, count);
      return true;
    case '==':
    case '!=':
      addValue(program, operand, env);
      program.value(OP.equal, hi, lo, operator === '!=' ? 1 : 0);
      return true;
    default:
      return false;
  }
}
