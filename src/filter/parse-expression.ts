import type {
  Arithmetic,
  ArithmeticOperator,
  Chain,
  Comparison,
  Expression,
  LogicOperator,
  NumberOperand,
  Operand,
  TextOperand,
} from './expression.ts';
import { filterError, type Token, tokenize } from './lexer.ts';

type OperatorToken = Extract<Token, { kind: 'operator' }>;

/** What a level of the expression is: the whole, inside of parentheses, or what a `!` applies to. */
type LevelKind = 'whole' | 'group' | 'negated';

/** Deeper parentheses are an error and not a stack overflow. */
const DEPTH_LIMIT = 1000;
const COMPARISONS = ['==', '!=', '<', '>', '<=', '>=', '=~', '!~'];

/**
 * Parses text[at..]. Throws a TandemError (USAGE) that shows the place.
 *
 * The grammar is trace-cmd's, with its oddities, since filters that work there must mean the same here:
 * an arithmetic result can't be compared; a comparison right after another one, without && or ||, replaces it;
 * so does a second operator (`pid == -1` is `pid - 1`); a single operand at the end is ignored.
 */
export function parseExpression(text: string, at: number): Expression {
  return new Parser(text, at).level('whole', 0);
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;

  constructor(text: string, at: number) {
    this.#text = text;
    this.#tokens = tokenize(text, at);
  }

  level(kind: LevelKind, depth: number): Expression {
    const opening = this.#tokens[this.#next - 1];
    const level = new Level(this.#text);
    for (;;) {
      const token = this.#take();
      if (depth > DEPTH_LIMIT) throw filterError(this.#text, token.at, `nested deeper than ${DEPTH_LIMIT}`);
      if (token.kind === 'end') {
        if (kind === 'group') throw filterError(this.#text, opening?.at ?? 0, '"(" has no ")"');
        return level.finish(token);
      }
      if (token.kind !== 'operator') {
        if (level.operand(token) && kind === 'negated') return level.only(token);
      } else if (token.text === '(') {
        level.expectExpression(token);
        level.place(this.level('group', depth + 1), token);
        if (kind === 'negated') return level.only(token);
      } else if (token.text === ')') {
        if (kind === 'whole') throw filterError(this.#text, token.at, '")" has no "("');
        if (kind === 'negated') throw filterError(this.#text, token.at, '"!" needs a comparison or "(" on its right');
        return level.finish(token);
      } else if (token.text === '!') {
        level.expectOperand(token);
        level.place({ kind: 'not', of: this.level('negated', depth + 1) }, token);
      } else if (token.text === '&&' || token.text === '||') level.logic(token.text, token);
      else level.operator(token);
    }
  }

  /** The next token; `end` again and again once it is reached. */
  #take(): Token {
    const token = this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
    this.#next++;
    return token;
  }
}

/** What has been read of one level. */
class Level {
  readonly #text: string;
  /** The expression so far, as long as no && or || was read. */
  #single: Expression | undefined;
  /** From the first && or || on. */
  #chain: { first: Expression; rest: { operator: LogicOperator; operand: Expression }[] } | undefined;
  /** The && or || that has no right side yet. */
  #open: LogicOperator | undefined;
  /** An operand that no operator and right side followed yet. */
  #operand: Operand | undefined;
  #operator: OperatorToken | undefined;

  constructor(text: string) {
    this.#text = text;
  }

  /** Takes an operand. True when it completed an expression. */
  operand(token: Exclude<Token, { kind: 'operator' | 'end' }>): boolean {
    const operand = toOperand(token);
    if (this.#operator && this.#operand) {
      const expression = this.#combine(this.#operand, this.#operator, operand, token);
      this.#operand = undefined;
      this.#operator = undefined;
      this.#put(expression);
      return true;
    }
    if (this.#operand) throw this.#error(token, 'an operator is missing before it');
    this.#operand = operand;
    return false;
  }

  /** Takes a comparison or an arithmetic operator. */
  operator(token: OperatorToken): void {
    if (!this.#operand) throw this.#error(token, `"${token.text}" needs a field on its left`);
    if (this.#operator && this.#chain) throw this.#error(token, 'two operators in a row');
    if (!this.#operator) this.#expectRoom(token);
    if (isComparison(token) && this.#operand.kind !== 'name') {
      throw this.#error(token, 'only a field can be on the left of a comparison');
    }
    this.#operator = token;
    this.#single = undefined;
  }

  logic(operator: LogicOperator, token: Token): void {
    if (this.#operand) throw this.#error(token, `"${operator}" needs a comparison on its left`);
    if (this.#open) throw this.#error(token, `"${this.#open}" needs a comparison on its right`);
    if (!this.#chain) {
      if (!this.#single) throw this.#error(token, `"${operator}" needs a comparison on its left`);
      this.#chain = { first: this.#single, rest: [] };
      this.#single = undefined;
    }
    this.#open = operator;
  }

  /** Refuses what starts an expression where an operand waits for its operator, or a right side is complete. */
  expectOperand(token: Token): void {
    if (this.#operand) throw this.#error(token, `"${token.text}" can't follow an operand`);
    this.#expectRoom(token);
  }

  /** As `expectOperand`; and a group can't replace what is there, as comparisons can. */
  expectExpression(token: Token): void {
    this.expectOperand(token);
    if (this.#single) throw this.#error(token, `"&&" or "||" is missing before "${token.text}"`);
  }

  /** Puts a complete expression where the level needs one. */
  place(expression: Expression, token: Token): void {
    this.#expectRoom(token);
    this.#put(expression);
  }

  /** The one expression that a `!` applies to. */
  only(token: Token): Expression {
    if (!this.#single) throw this.#error(token, '"&&" and "||" after "!!" need parentheses');
    return this.#single;
  }

  finish(token: Token): Expression {
    if (this.#operator) throw this.#error(token, `"${this.#operator.text}" needs a value on its right`);
    if (this.#open) throw this.#error(token, `"${this.#open}" needs a comparison on its right`);
    const expression: Chain | Expression | undefined = this.#chain ? { kind: 'chain', ...this.#chain } : this.#single;
    if (!expression) throw this.#error(token, this.#operand ? 'an operator is missing' : 'a comparison is missing');
    return expression;
  }

  #expectRoom(token: Token): void {
    if (this.#chain && !this.#open) throw this.#error(token, '"&&" or "||" is missing before it');
  }

  #put(expression: Expression): void {
    if (this.#chain && this.#open) {
      this.#chain.rest.push({ operator: this.#open, operand: expression });
      this.#open = undefined;
    } else this.#single = expression;
  }

  #combine(left: Operand, operator: OperatorToken, right: Operand, token: Token): Comparison | Arithmetic {
    if (!isComparison(operator) || left.kind !== 'name') {
      return { kind: 'arithmetic', operator: operator.text as ArithmeticOperator, left, right };
    }
    if (right.kind === 'name') {
      throw this.#error(token, 'the right side of a comparison is no number or string', 'fields need a number');
    }
    const isRegex = operator.text === '=~' || operator.text === '!~';
    const value = isRegex ? right : characterValue(right, token);
    if (isRegex && value.kind === 'number') throw this.#error(token, `"${operator.text}" needs a string`);
    return {
      kind: 'comparison',
      operator: operator.text as Comparison['operator'],
      left,
      right: value,
      at: operator.at,
    };
  }

  #error(token: Token, problem: string, hint?: string): Error {
    return filterError(this.#text, token.at, problem, hint);
  }
}

const isComparison = (token: OperatorToken): boolean => COMPARISONS.includes(token.text);

function toOperand(token: Exclude<Token, { kind: 'operator' | 'end' }>): Operand {
  switch (token.kind) {
    case 'name':
      return { kind: 'name', name: token.text, at: token.at };
    case 'number':
      return { kind: 'number', value: token.value };
    case 'string':
      return { kind: 'text', text: token.value, at: token.at };
  }
}

/** A single character in single quotes is its code; any other string stays one. */
function characterValue(operand: NumberOperand | TextOperand, token: Token): NumberOperand | TextOperand {
  const isCharacter = operand.kind === 'text' && token.kind === 'string' && token.quote === "'";
  if (!isCharacter || operand.text.length !== 1 || operand.text.charCodeAt(0) > 127) return operand;
  return { kind: 'number', value: BigInt(operand.text.charCodeAt(0)) };
}
