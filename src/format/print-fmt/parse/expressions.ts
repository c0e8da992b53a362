import type { EventFormat } from '../../event-format.ts';
import type { Field } from '../../field.ts';
import type { FormatOptions } from '../../format-options.ts';
import type { Lexer } from '../../lexer.ts';
import type { BinaryOperator, CastType, Expression, UnaryOperator } from './ast.ts';
import { atomText, isAtom, wordAtom } from './constants.ts';
import { type ArgumentParser, parseHelper } from './helpers.ts';

/** Thrown where the grammar ends: the event has no usable print format. */
export class Unparsable extends Error {}

/** How loosely an operator binds: higher ones are closer to the root. */
const LOOSENESS: ReadonlyMap<string, number> = new Map([
  ...(['*', '/', '%'] as const).map((operator) => [operator, 6] as const),
  ...(['+', '-'] as const).map((operator) => [operator, 7] as const),
  ...(['<<', '>>'] as const).map((operator) => [operator, 8] as const),
  ...(['<', '>', '<=', '>='] as const).map((operator) => [operator, 9] as const),
  ...(['==', '!='] as const).map((operator) => [operator, 10] as const),
  ...([
    ['&', 11],
    ['^', 12],
    ['|', 13],
    ['&&', 14],
    ['||', 15],
    ['?', 16],
    ['~', 4],
    ['!', 4],
  ] as const),
  ...([
    ['++', 3],
    ['--', 3],
  ] as const),
]);
const NOT_BINARY: readonly string[] = ['?', '~', '!', '++', '--'];

/** Operands in operands, and operators after operators. Beyond what any kernel has, and far from the stack's end. */
const DEEPEST = 400;

const MISSING_OPERAND: Expression = { kind: 'number', value: 0n, text: '' };

/** Bytes of the types that narrow a value. Every other type leaves it as it is. */
const CAST_SIZES = new Map<string, 1 | 2 | 4>([
  ...(['u8', 's8', 'char', 'unsigned char'] as const).map((type) => [type, 1] as const),
  ...(['u16', 's16', 'short', 'unsigned short'] as const).map((type) => [type, 2] as const),
  ...(['u32', 's32', 'int', 'unsigned int'] as const).map((type) => [type, 4] as const),
]);

function castType(text: string): CastType {
  const pointed = text.endsWith('*') ? text.slice(0, -2) : undefined;
  return {
    text,
    size: CAST_SIZES.get(text) ?? 8,
    pointedSize: pointed === undefined ? undefined : (CAST_SIZES.get(pointed) ?? 8),
  };
}

/**
 * The grammar of a print format's arguments. It looks like C's, but the trees are those that trace-cmd's parser
 * makes of it, which differ where operators of different rank meet: the operand right of an operator takes
 * operators of the same rank with it (`a - b - c` is `a - (b - c)`), parentheses do not keep an operation together
 * that binds looser than the operator left of them (`a * (b + c)` is `a * b + c`), and in the older parser the last
 * part of a choice is a single operand (`a ? b : c + d` is `(a ? b : c) + d`).
 *
 * Both entry points leave the first token that does not belong to the expression as the lexer's current one.
 */
export class ExpressionParser implements ArgumentParser {
  readonly lexer: Lexer;
  readonly event: EventFormat;
  readonly options: FormatOptions;
  #depth = 0;

  constructor(lexer: Lexer, event: EventFormat, options: FormatOptions) {
    this.lexer = lexer;
    this.event = event;
    this.options = options;
  }

  operand(): Expression {
    this.lexer.readInLine();
    return this.#operandHere();
  }

  expression(): Expression {
    const first = this.operand();
    return this.lexer.type === 'operator' ? this.operation(first) : first;
  }

  operation(left: Expression): Expression {
    return this.#nested(() => this.#operation(left));
  }

  find(name: string): Field | undefined {
    const { commonFields, fields } = this.event;
    return commonFields.find((field) => field.name === name) ?? fields.find((field) => field.name === name);
  }

  require(type: 'word' | 'operator' | 'delimiter', token: string): void {
    if (!this.lexer.is(type, token)) this.fail();
  }

  fail(): never {
    throw new Unparsable();
  }

  #nested(parse: () => Expression): Expression {
    if (++this.#depth > DEEPEST) this.fail();
    const result = parse();
    this.#depth--;
    return result;
  }

  #operandHere(): Expression {
    return this.#nested(() => {
      const { lexer } = this;
      switch (lexer.type) {
        case 'word':
          return this.#word();
        case 'string': {
          const value = lexer.token;
          lexer.read();
          return { kind: 'string', value };
        }
        case 'character':
          return this.#character();
        case 'delimiter':
          return lexer.token === '(' ? this.#parenthesis() : this.fail();
        case 'operator':
          return this.#unary();
        default:
          return this.fail();
      }
    });
  }

  #word(): Expression {
    const { lexer } = this;
    let text = lexer.token;
    if (text === 'REC') return this.#recordField();
    lexer.read();
    if (lexer.is('delimiter', '(')) return parseHelper(this, text);
    for (; lexer.type === 'word'; lexer.read()) text += ` ${lexer.token}`;
    return wordAtom(text);
  }

  /** `REC->f`, standing on REC. A `)` in between closes the parenthesis around REC, and belongs to nobody else. */
  #recordField(): Expression {
    const { lexer } = this;
    lexer.read();
    this.require('operator', '->');
    lexer.readInLine();
    if (lexer.type !== 'word') this.fail();
    const name = lexer.token;
    const field = this.find(name);
    lexer.readInLine();
    return field === undefined ? { kind: 'missing-field', name } : { kind: 'field', field };
  }

  /** `'c'` is a number, except to the older parser. */
  #character(): Expression {
    const { token } = this.lexer;
    this.lexer.read();
    if (this.options.version === '3.1') return { kind: 'string', value: token };
    const code = token === '' ? 0 : token.charCodeAt(0);
    return { kind: 'number', value: BigInt(code), text: String(code) };
  }

  #unary(): Expression {
    const operator = this.lexer.token;
    if (operator.length !== 1 || !'!~+-'.includes(operator)) this.fail();
    const value = this.operand();
    const operation: Expression = { kind: 'unary', operator: operator as UnaryOperator, value };
    return this.#continued(operation, value, (pivot) => ({ ...operation, value: pivot }));
  }

  /** A parenthesis, a cast, or `(REC)->f`. */
  #parenthesis(): Expression {
    const { lexer } = this;
    lexer.readInLine();
    if (lexer.is('word', 'REC') && this.#closesHere()) return this.#recordField();
    const content = this.#operandHere();
    const inner = lexer.type === 'operator' ? this.operation(content) : content;
    this.require('delimiter', ')');
    lexer.read();
    const isCast = ['word', 'string', 'character'].includes(lexer.type) || lexer.is('delimiter', '(');
    if (!isCast) return inner;
    if (!isAtom(inner)) this.fail();
    return { kind: 'cast', type: castType(atomText(inner)), value: this.#operandHere() };
  }

  /** True when a `)` follows; it is then the current token. */
  #closesHere(): boolean {
    const { lexer } = this;
    const mark = lexer.mark();
    lexer.read();
    if (lexer.is('delimiter', ')')) return true;
    lexer.reset(mark);
    return false;
  }

  #operation(left: Expression): Expression {
    const operator = this.lexer.token;
    if (operator === '?') return this.#choice(left);
    if (operator === '[') return this.#index(left);
    if (!LOOSENESS.has(operator) || NOT_BINARY.includes(operator)) this.fail();
    this.lexer.read();
    if (operator === '*' && this.lexer.is('delimiter', ')')) {
      // `(TYPE *)`
      return isAtom(left) ? wordAtom(`${atomText(left)} *`) : this.fail();
    }
    return this.#binary(operator as BinaryOperator, left, this.#operandHere());
  }

  #binary(operator: BinaryOperator, left: Expression, right: Expression): Expression {
    const rank = LOOSENESS.get(operator) as number;
    if (rank >= loosenessAsOperand(right)) {
      const operation: Expression = { kind: 'binary', operator, left, right };
      return this.#continued(operation, right, (pivot) => ({ ...operation, right: pivot }));
    }
    // The operator takes the first operand of what is right of it, and the rest goes on top.
    const join = (operand: Expression): Expression => ({ kind: 'binary', operator, left, right: operand });
    if (right.kind === 'ternary') {
      const condition = join(right.condition);
      return this.#continued({ ...right, condition }, condition, (pivot) => ({ ...right, condition: pivot }));
    }
    if (right.kind === 'binary') {
      const inner = join(right.left);
      return this.#continued({ ...right, left: inner }, inner, (pivot) => ({ ...right, left: pivot }));
    }
    if (right.kind !== 'unary') return this.fail();
    const top = { kind: 'binary', operator: right.operator as '+' | '-', right: right.value } as const;
    const inner = join(MISSING_OPERAND);
    return this.#continued({ ...top, left: inner }, inner, (pivot) => ({ ...top, left: pivot }));
  }

  /** `left ? a : b`, standing on the `?`. */
  #choice(condition: Expression): Expression {
    const whenTrue = this.#choiceOperand();
    this.require('operator', ':');
    const whenFalse = this.options.version === '3.1' ? this.operand() : this.#choiceOperand();
    return this.#continued({ kind: 'ternary', condition, whenTrue, whenFalse });
  }

  /** An operand and the operators after it, up to a `:`. */
  #choiceOperand(): Expression {
    const { lexer } = this;
    let value = this.operand();
    while (lexer.type === 'operator' && lexer.token !== ':') value = this.operation(value);
    return value;
  }

  /** `left[i]`, standing on the `[`. */
  #index(array: Expression): Expression {
    const index = this.operand();
    this.require('operator', ']');
    this.lexer.read();
    return this.#continued({ kind: 'index', array, index });
  }

  /**
   * Goes on with the operator that follows, if one does: one that binds looser takes the whole operation as its
   * left side, any other only the `pivot`, which `replace` then exchanges in the operation.
   */
  #continued(operation: Expression, pivot?: Expression, replace?: (pivot: Expression) => Expression): Expression {
    const { lexer } = this;
    if (lexer.type !== 'operator' || lexer.token === ':') return operation;
    const rank = LOOSENESS.get(lexer.token) ?? this.#unrankedOperator();
    if (rank > looseness(operation)) return this.operation(operation);
    return pivot && replace ? replace(this.operation(pivot)) : this.fail();
  }

  /** Operators without a rank, `[` above all, can't follow an operation; to the older parser they bind tightest. */
  #unrankedOperator(): number {
    return this.options.version === '3.1' ? -1 : this.fail();
  }
}

/** How loosely the operation binds that was built last: choices, signs and indices hold together. */
function looseness(operation: Expression): number {
  return operation.kind === 'binary' ? (LOOSENESS.get(operation.operator) as number) : 0;
}

/** How loosely an operand right of an operator binds. */
function loosenessAsOperand(operand: Expression): number {
  switch (operand.kind) {
    case 'binary':
    case 'unary':
      return LOOSENESS.get(operand.operator) as number;
    case 'ternary':
      return LOOSENESS.get('?') as number;
    default:
      return -1;
  }
}
