import { signedPrefix, unsignedPrefix } from '../../number-text.ts';
import type { BinaryOperator, Expression } from './ast.ts';

/** An operand that is one token, or several words: it has a text, whatever its meaning. */
export type Atom = Extract<Expression, { kind: 'number' | 'string' | 'symbol' }>;

export const isAtom = (expression: Expression): expression is Atom =>
  expression.kind === 'number' || expression.kind === 'string' || expression.kind === 'symbol';

export function atomText(atom: Atom): string {
  switch (atom.kind) {
    case 'number':
      return atom.text;
    case 'string':
      return atom.value;
    case 'symbol':
      return atom.name;
  }
}

/** What bare words mean: a number if they begin with one, else a name. */
export function wordAtom(text: string): Atom {
  const value = unsignedPrefix(text);
  return value !== 0n || /^[0-9]/.test(text) ? { kind: 'number', value, text } : { kind: 'symbol', name: text };
}

const numberAtom = (value: bigint): Atom => ({
  kind: 'number',
  value: BigInt.asUintN(64, value),
  text: String(BigInt.asIntN(64, value)),
});

const truth = (condition: boolean): bigint => (condition ? 1n : 0n);

/** Two numbers of 64 bits, unsigned for a print format's arguments, signed for constants in lists. */
function calculate(operator: BinaryOperator, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return right === 0n ? undefined : left / right;
    case '%':
      return right === 0n ? undefined : left % right;
    case '<<':
      return left << (right & 63n);
    case '>>':
      return left >> (right & 63n);
    case '&':
      return left & right;
    case '|':
      return left | right;
    case '^':
      return left ^ right;
    case '&&':
      return truth(left !== 0n && right !== 0n);
    case '||':
      return truth(left !== 0n || right !== 0n);
    case '<':
      return truth(left < right);
    case '<=':
      return truth(left <= right);
    case '>':
      return truth(left > right);
    case '>=':
      return truth(left >= right);
    case '==':
      return truth(left === right);
    case '!=':
      return truth(left !== right);
  }
}

/** Replaces operations on two atoms by their result, wherever operators lead to. */
export function folded(expression: Expression): Expression {
  switch (expression.kind) {
    case 'binary': {
      const left = folded(expression.left);
      const right = folded(expression.right);
      if (isAtom(left) && isAtom(right)) {
        const value = calculate(expression.operator, unsignedPrefix(atomText(left)), unsignedPrefix(atomText(right)));
        if (value !== undefined) return numberAtom(value);
      }
      return { ...expression, left, right };
    }
    case 'unary':
      return { ...expression, value: folded(expression.value) };
    case 'ternary':
      return {
        ...expression,
        condition: folded(expression.condition),
        whenTrue: folded(expression.whenTrue),
        whenFalse: folded(expression.whenFalse),
      };
    default:
      return expression;
  }
}

/** Operators whose constants the lists of `__print_flags` and `__print_symbolic` may hold. */
const LIST_OPERATORS: readonly string[] = [
  '|',
  '||',
  '&',
  '&&',
  '<',
  '<<',
  '<=',
  '>',
  '>>',
  '>=',
  '==',
  '!=',
  '-',
  '+',
];

/** The value of a constant operation in a list, signed; undefined where it is none. */
function listOperation(expression: Expression): bigint | undefined {
  switch (expression.kind) {
    case 'cast': {
      const value = listOperation(expression.value);
      if (value === undefined) return undefined;
      const bits = 8 * expression.type.size;
      return bits === 64 ? BigInt.asIntN(64, value) : BigInt.asUintN(bits, value);
    }
    case 'unary': {
      if (expression.operator === '!') return undefined;
      const value = listOperation(expression.value);
      if (value === undefined) return undefined;
      return { '~': ~value, '-': BigInt.asIntN(64, -value), '+': value }[expression.operator];
    }
    case 'binary': {
      if (!LIST_OPERATORS.includes(expression.operator)) return undefined;
      const left = listOperation(expression.left);
      const right = listOperation(expression.right);
      if (left === undefined || right === undefined) return undefined;
      const value = calculate(expression.operator, left, right);
      return value === undefined ? undefined : BigInt.asIntN(64, value);
    }
    default:
      return isAtom(expression) ? signedPrefix(atomText(expression)) : undefined;
  }
}

/** The text of a value or a name in a list: of an atom itself, else of the number it comes to. */
export function listText(expression: Expression): string | undefined {
  if (isAtom(expression)) return atomText(expression);
  if (expression.kind === 'cast') return listText(expression.value);
  if (expression.kind !== 'binary' && expression.kind !== 'unary') return undefined;
  const value = listOperation(expression);
  return value === undefined ? undefined : String(value);
}

/** Enumerators that kernels leave in their print formats. */
const ENUMERATORS = new Map<string, bigint>([
  ['HI_SOFTIRQ', 0n],
  ['TIMER_SOFTIRQ', 1n],
  ['NET_TX_SOFTIRQ', 2n],
  ['NET_RX_SOFTIRQ', 3n],
  ['BLOCK_SOFTIRQ', 4n],
  ['IRQ_POLL_SOFTIRQ', 5n],
  ['TASKLET_SOFTIRQ', 6n],
  ['SCHED_SOFTIRQ', 7n],
  ['HRTIMER_SOFTIRQ', 8n],
  ['RCU_SOFTIRQ', 9n],
  ['HRTIMER_NORESTART', 0n],
  ['HRTIMER_RESTART', 1n],
]);

/** The value that a list entry is compared by. What is no number, and no known name, counts as -1: negative ones do too. */
export function listValue(text: string): bigint {
  return /^[0-9]/.test(text) ? unsignedPrefix(text) : (ENUMERATORS.get(text) ?? 0xffff_ffff_ffff_ffffn);
}
