import type { Expression } from './ast.ts';

/** How trace-cmd numbers the kinds of arguments, when it complains of one. */
export function argumentType(expression: Expression): number {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'symbol':
    case 'packed':
      return 1;
    case 'field':
    case 'missing-field':
      return 2;
    case 'flags':
      return 3;
    case 'symbolic':
      return 4;
    case 'hex':
      return expression.separated ? 5 : 15;
    case 'array':
    case 'dynamic-items':
      return 6;
    case 'cast':
      return 7;
    case 'dynamic-string':
      return 8;
    case 'dynamic-array':
      return 10;
    case 'unary':
    case 'binary':
    case 'ternary':
    case 'index':
      return 11;
    case 'call':
      return 12;
    case 'bitmask':
      return expression.asList ? 16 : 13;
    case 'dynamic-array-length':
      return 14;
    case 'stacktrace':
      return 18;
  }
}
