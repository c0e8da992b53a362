/** A filter's expression as written: names are not looked up yet, so it holds for every event. */
export type Expression = Comparison | Arithmetic | Negation | Chain;

export type Operand = NameOperand | NumberOperand | TextOperand;

/** A field, COMM or CPU. */
export interface NameOperand {
  readonly kind: 'name';
  readonly name: string;
  readonly at: number;
}

export interface NumberOperand {
  readonly kind: 'number';
  /** 0..2^64-1 */
  readonly value: bigint;
}

export interface TextOperand {
  readonly kind: 'text';
  readonly text: string;
  readonly at: number;
}

export type CompareOperator = '==' | '!=' | '<' | '>' | '<=' | '>=';
export type TextOperator = '==' | '!=' | '=~' | '!~';
export type ArithmeticOperator = '+' | '-' | '*' | '/' | '%' | '>>' | '<<' | '&' | '|' | '^' | '~';
export type LogicOperator = '&&' | '||';

export interface Comparison {
  readonly kind: 'comparison';
  readonly operator: CompareOperator | TextOperator;
  readonly left: NameOperand;
  readonly right: NumberOperand | TextOperand;
  /** Offset of the operator in the filter's text, for messages. */
  readonly at: number;
}

/** True unless its result is 0. It can't be compared with anything: no filter says so. */
export interface Arithmetic {
  readonly kind: 'arithmetic';
  readonly operator: ArithmeticOperator;
  readonly left: Operand;
  readonly right: Operand;
}

export interface Negation {
  readonly kind: 'not';
  readonly of: Expression;
}

/** `first && a || b`: && and || bind equally and from the left, so it is a list and not a tree. */
export interface Chain {
  readonly kind: 'chain';
  readonly first: Expression;
  readonly rest: readonly { readonly operator: LogicOperator; readonly operand: Expression }[];
}

/** All comparisons in an expression. */
export function* comparisons(expression: Expression): Generator<Comparison> {
  switch (expression.kind) {
    case 'comparison':
      yield expression;
      break;
    case 'arithmetic':
      break;
    case 'not':
      yield* comparisons(expression.of);
      break;
    case 'chain':
      yield* comparisons(expression.first);
      for (const { operand } of expression.rest) yield* comparisons(operand);
  }
}
