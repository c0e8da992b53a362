import { utf8 } from '../base/byte-writer.ts';
import { TandemError } from '../base/errors.ts';
import { type EventFormat, findField } from '../format/event-format.ts';
import type { Field } from '../format/field.ts';
import type { EventFilter } from './event-filter.ts';
import {
  type Arithmetic,
  type ArithmeticOperator,
  type Chain,
  type CompareOperator,
  type Comparison,
  comparisons,
  type Expression,
  type LogicOperator,
  type NameOperand,
  type NumberOperand,
  type Operand,
  type TextOperand,
  type TextOperator,
} from './expression.ts';
import { filterError } from './lexer.ts';
import { PosixRegex, RegexError } from './regex/posix-regex.ts';

/** An expression for one event: names are looked up, and what does not depend on the record is worked out. */
export type Test = Constant | NumberTest | TextTest | ArithmeticTest | NotTest | ChainTest;

export interface Constant {
  readonly kind: 'constant';
  readonly value: boolean;
}

/** Where a value comes from: a field, or the record's CPU or task. */
export type Source =
  | { readonly kind: 'field'; readonly field: Field }
  | { readonly kind: 'CPU' }
  | { readonly kind: 'COMM' };

/** Compares as unsigned 64-bit numbers; signed fields are extended to 64 bits before. */
export interface NumberTest {
  readonly kind: 'number';
  readonly operator: CompareOperator;
  readonly source: Source;
  readonly value: bigint;
}

export interface TextTest {
  readonly kind: 'text';
  readonly operator: TextOperator;
  readonly source: Source;
  readonly text: string;
  /** For `=~` and `!~`. */
  readonly regex: PosixRegex | undefined;
}

export interface ArithmeticTest {
  readonly kind: 'arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: Value;
  readonly right: Value;
}

export type Value = Source | NumberOperand | TextOperand;

export interface NotTest {
  readonly kind: 'not';
  readonly of: Test;
}

export interface ChainTest {
  readonly kind: 'chain';
  readonly first: Test;
  readonly rest: readonly { readonly operator: LogicOperator; readonly operand: Test }[];
}

export const TRUE: Constant = { kind: 'constant', value: true };
export const FALSE: Constant = { kind: 'constant', value: false };

/**
 * Looks the names of one filter up in events. A comparison with a name that an event does not have is FALSE there.
 * Throws a TandemError (USAGE) for what only shows once a name is a field: bad patterns, `<` between texts.
 */
export class Resolver {
  readonly #filter: EventFilter;
  readonly #regexes = new Map<Comparison, PosixRegex>();

  constructor(filter: EventFilter) {
    this.#filter = filter;
  }

  resolve(event: EventFormat): Test {
    return this.#filter.expression ? this.#test(this.#filter.expression, event) : TRUE;
  }

  /** Throws what `resolve` would throw for any of the events. Hardly any filter can fail: no event is parsed then. */
  check(events: Iterable<EventFormat>): void {
    const { expression } = this.#filter;
    if (!expression || ![...comparisons(expression)].some((comparison) => this.#mayFail(comparison))) return;
    for (const event of events) this.resolve(event);
  }

  /** Whether a comparison would be an error in an event that has its field. */
  #mayFail(comparison: Comparison): boolean {
    const { operator, left, right } = comparison;
    if (right.kind === 'number') return false;
    if (left.name === 'CPU') return true;
    if (operator === '==' || operator === '!=') return false;
    if (operator !== '=~' && operator !== '!~') return true;
    try {
      this.#regex(comparison, right);
      return false;
    } catch (error) {
      if (error instanceof TandemError) return true;
      throw error;
    }
  }

  #test(expression: Expression, event: EventFormat): Test {
    switch (expression.kind) {
      case 'comparison':
        return this.#comparison(expression, event);
      case 'arithmetic':
        return arithmetic(expression, event);
      case 'not': {
        const of = this.#test(expression.of, event);
        if (of.kind === 'constant') return of.value ? FALSE : TRUE;
        return { kind: 'not', of };
      }
      case 'chain':
        return this.#chain(expression, event);
    }
  }

  #comparison(comparison: Comparison, event: EventFormat): Test {
    const source = findSource(comparison.left, event);
    const { operator, right } = comparison;
    if (!source) return FALSE;
    if (right.kind === 'number') {
      return { kind: 'number', operator: operator as CompareOperator, source, value: right.value };
    }
    if (source.kind === 'CPU') throw this.#error(comparison, 'CPU is a number', 'leave the quotes out');
    if (operator === '==' || operator === '!=') {
      return { kind: 'text', operator, source, text: right.text, regex: undefined };
    }
    if (operator === '=~' || operator === '!~') {
      return { kind: 'text', operator, source, text: right.text, regex: this.#regex(comparison, right) };
    }
    throw this.#error(comparison, `"${operator}" can't compare texts`, 'use == != =~ or !~');
  }

  /** Compiled once for all events. */
  #regex(comparison: Comparison, { text, at }: TextOperand): PosixRegex {
    const known = this.#regexes.get(comparison);
    if (known) return known;
    try {
      const regex = new PosixRegex(utf8(text));
      this.#regexes.set(comparison, regex);
      return regex;
    } catch (error) {
      if (!(error instanceof RegexError)) throw error;
      throw filterError(this.#filter.text, at, `this is no regular expression: ${error.message}`);
    }
  }

  #error(comparison: Comparison, problem: string, hint: string): Error {
    return filterError(this.#filter.text, comparison.at, problem, hint);
  }

  /** Every part is resolved, also behind a constant, so that an error in it is never missed. */
  #chain(chain: Chain, event: EventFormat): Test {
    let first = this.#test(chain.first, event);
    let rest: { operator: LogicOperator; operand: Test }[] = [];
    for (const part of chain.rest) {
      const operand = this.#test(part.operand, event);
      const decides = part.operator === '||';
      if (first.kind === 'constant') first = first.value === decides ? first : operand;
      else if (operand.kind !== 'constant') rest.push({ operator: part.operator, operand });
      else if (operand.value === decides) {
        first = operand;
        rest = [];
      }
    }
    return rest.length === 0 ? first : { kind: 'chain', first, rest };
  }
}

function findSource({ name }: NameOperand, event: EventFormat): Source | undefined {
  const field = findField(event, name);
  if (field) return { kind: 'field', field };
  return name === 'COMM' || name === 'CPU' ? { kind: name } : undefined;
}

function findValue(operand: Operand, event: EventFormat): Value | undefined {
  return operand.kind === 'name' ? findSource(operand, event) : operand;
}

function arithmetic(expression: Arithmetic, event: EventFormat): Test {
  const left = findValue(expression.left, event);
  const right = findValue(expression.right, event);
  return left && right ? { kind: 'arithmetic', operator: expression.operator, left, right } : FALSE;
}
