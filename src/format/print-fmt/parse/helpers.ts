import type { EventFormat } from '../../event-format.ts';
import type { Field } from '../../field.ts';
import type { FormatOptions } from '../../format-options.ts';
import type { Lexer } from '../../lexer.ts';
import type { Expression, NamedValue } from './ast.ts';
import { folded, listText, listValue } from './constants.ts';

/** What helpers need of the grammar around them. */
export interface ArgumentParser {
  readonly lexer: Lexer;
  readonly event: EventFormat;
  readonly options: FormatOptions;
  /** The operand that begins with the next token. */
  operand(): Expression;
  /** An operand and all operators after it. */
  expression(): Expression;
  /** What the operator that is the current token, and those after it, make of `left`. */
  operation(left: Expression): Expression;
  /** The field of that name, common ones first. */
  find(name: string): Field | undefined;
  /** Requires the current token to be this one. */
  require(type: 'word' | 'operator' | 'delimiter', token: string): void;
  fail(): never;
}

type HelperParser = (parser: ArgumentParser) => Expression;

/** Parses what follows the `(` of a helper's call, which is the current token. */
export function parseHelper(parser: ArgumentParser, name: string): Expression {
  const since34 = parser.options.version !== '3.1';
  const helper = HELPERS.get(name) ?? (since34 ? NEWER_HELPERS.get(name) : undefined);
  if (helper !== undefined) return helper(parser);
  const count = parser.options.knowsCalls === false ? undefined : CALLS.get(name);
  return count === undefined ? parser.fail() : call(parser, name, count);
}

/** Functions of the kernel that are known by name, and how many arguments they take. */
const CALLS = new Map([
  ['jiffies_to_msecs', 1],
  ['jbd2_dev_to_name', 1],
  ['xen_hypercall_name', 1],
  ['is_writable_pte', 1],
  ['__le16_to_cpup', 1],
  ['scsi_trace_parse_cdb', 3],
]);

const HELPERS = new Map<string, HelperParser>([
  ['__print_flags', flags],
  ['__print_symbolic', symbolic],
  ['__print_hex', (parser) => hex(parser, true)],
  ['__print_hex_str', (parser) => hex(parser, false)],
  ['__print_array', array],
  ...['__get_str', '__get_rel_str'].map(
    (name) => [name, ofNamed((field) => ({ kind: 'dynamic-string', field }))] as const,
  ),
  ...['__get_bitmask', '__get_rel_bitmask'].map(
    (name) => [name, ofNamed((field) => ({ kind: 'bitmask', field, asList: false }))] as const,
  ),
  ...['__get_cpumask', '__get_rel_cpumask'].map(
    (name) => [name, ofNamed((field) => ({ kind: 'bitmask', field, asList: true }))] as const,
  ),
  ...['__get_dynamic_array', '__get_rel_dynamic_array', '__get_sockaddr', '__get_sockaddr_rel'].map(
    (name) => [name, dynamicArray] as const,
  ),
  ...['__get_dynamic_array_len', '__get_rel_dynamic_array_len'].map((name) => [name, dynamicArrayLength] as const),
  ['__builtin_expect', expectation],
  ['sizeof', sizeOf],
]);

const NEWER_HELPERS = new Map<string, HelperParser>([
  ['__print_dynamic_array', dynamicItems],
  ['__get_stacktrace', ofNamed((field) => ({ kind: 'stacktrace', field }))],
  ['__builtin_constant_p', isConstant],
]);

/** An argument with its operators, up to a `,` or `)`. */
function argument(parser: ArgumentParser, end: ',' | ')'): Expression {
  const value = parser.operand();
  const whole = parser.lexer.type === 'operator' ? folded(parser.operation(value)) : value;
  parser.require('delimiter', end);
  return whole;
}

/** The value that a list of names is for: the first argument, up to the `,`. */
function listed(parser: ArgumentParser): Expression {
  let value = parser.operand();
  while (parser.lexer.type === 'operator') value = parser.operation(value);
  parser.require('delimiter', ',');
  return value;
}

function flags(parser: ArgumentParser): Expression {
  const { lexer } = parser;
  const value = listed(parser);
  let delimiter = '';
  lexer.read();
  if (['word', 'string', 'character'].includes(lexer.type)) {
    delimiter = lexer.token;
    lexer.read();
  }
  parser.require('delimiter', ',');
  return { kind: 'flags', value, delimiter, names: names(parser) };
}

function symbolic(parser: ArgumentParser): Expression {
  return { kind: 'symbolic', value: listed(parser), names: names(parser) };
}

/** `{ value, "name" }` and so on, up to the `)`, and the token after that. */
function names(parser: ArgumentParser): NamedValue[] {
  const { lexer } = parser;
  const list: NamedValue[] = [];
  for (;;) {
    lexer.read();
    if (!lexer.is('operator', '{')) break;
    const value = listText(parser.expression());
    parser.require('delimiter', ',');
    const name = listText(parser.operand());
    parser.require('operator', '}');
    if (value === undefined || name === undefined) return parser.fail();
    list.push({ value: { kind: 'number', value: listValue(value), text: value }, name });
    lexer.read();
    if (!lexer.is('delimiter', ',')) break;
  }
  parser.require('delimiter', ')');
  lexer.read();
  return list;
}

function hex(parser: ArgumentParser, separated: boolean): Expression {
  const array = argument(parser, ',');
  const length = argument(parser, ')');
  parser.lexer.read();
  return { kind: 'hex', array, length, separated };
}

function array(parser: ArgumentParser): Expression {
  const items = argument(parser, ',');
  const count = argument(parser, ',');
  const elementSize = argument(parser, ')');
  parser.lexer.read();
  return { kind: 'array', array: items, count, elementSize };
}

/** A name and the `)`: the field of that name, wherever it is. */
function ofNamed(make: (field: Field) => Expression): HelperParser {
  return (parser) => {
    const { lexer } = parser;
    lexer.readInLine();
    if (lexer.type !== 'word') return parser.fail();
    const name = lexer.token;
    const field = parser.find(name);
    closing(parser);
    lexer.readInLine();
    return field === undefined ? { kind: 'missing-field', name } : make(field);
  };
}

/** The event's own field that the next token names. */
function ownField(parser: ArgumentParser): Field {
  const { lexer, event } = parser;
  lexer.readInLine();
  const field = lexer.type === 'word' ? event.fields.find(({ name }) => name === lexer.token) : undefined;
  return field ?? parser.fail();
}

function closing(parser: ArgumentParser): void {
  parser.lexer.readInLine();
  parser.require('delimiter', ')');
}

function dynamicArray(parser: ArgumentParser): Expression {
  const { lexer } = parser;
  const field = ownField(parser);
  closing(parser);
  lexer.read();
  // Only arrays in parentheses can be indexed.
  if (lexer.is('operator', '[')) {
    parser.operand();
    if (lexer.is('operator', ']')) parser.fail();
    lexer.read();
  }
  return { kind: 'dynamic-array', field };
}

function dynamicArrayLength(parser: ArgumentParser): Expression {
  const field = ownField(parser);
  closing(parser);
  parser.lexer.readInLine();
  return { kind: 'dynamic-array-length', field };
}

function dynamicItems(parser: ArgumentParser): Expression {
  const field = ownField(parser);
  parser.lexer.readInLine();
  parser.require('delimiter', ',');
  const elementSize = argument(parser, ')');
  parser.lexer.read();
  return { kind: 'dynamic-items', field, elementSize };
}

/** `__builtin_expect(a, 1)` is `a`. */
function expectation(parser: ArgumentParser): Expression {
  const { lexer } = parser;
  const value = parser.operand();
  parser.require('delimiter', ',');
  lexer.readInLine();
  if (lexer.type !== 'word') parser.fail();
  closing(parser);
  lexer.read();
  return value;
}

/** `__builtin_constant_p(a)`: nothing is known at compile time any more. */
function isConstant(parser: ArgumentParser): Expression {
  parser.operand();
  parser.require('delimiter', ')');
  parser.lexer.read();
  return { kind: 'number', value: 0n, text: '0' };
}

/** Arguments without operators. */
function call(parser: ArgumentParser, name: string, count: number): Expression {
  const args: Expression[] = [];
  for (let i = 1; i <= count; i++) {
    args.push(parser.operand());
    parser.require('delimiter', i < count ? ',' : ')');
  }
  parser.lexer.readInLine();
  return { kind: 'call', name, args };
}

/** Types of a fixed size that sizeof knows, the older parser only `int`. */
const SIZES = new Map([
  ...['__u64', 'u64', '__s64', 's64'].map((type) => [type, 8] as const),
  ...['__u32', 'u32', '__s32', 's32'].map((type) => [type, 4] as const),
  ...['__u16', 'u16', '__s16', 's16'].map((type) => [type, 2] as const),
  ...['__u8', 'u8', '__8', 's8'].map((type) => [type, 1] as const),
]);

function sizeOf(parser: ArgumentParser): Expression {
  const { lexer, options } = parser;
  lexer.read();
  let unsigned = false;
  if (lexer.token === 'unsigned') {
    lexer.read();
    unsigned = lexer.type !== 'word';
  }
  let size: number | undefined;
  // Where the last word of the type has been read, the `)` is the current token.
  let atEnd = unsigned;
  if (unsigned || lexer.token === 'int') size = 4;
  else if (lexer.token === 'long') {
    lexer.read();
    atEnd = lexer.token !== 'long';
    size = atEnd ? options.longSize : 8;
  } else if (lexer.token === 'REC') size = sizeOfField(parser);
  else if (options.version !== '3.1') size = SIZES.get(lexer.token);
  if (size === undefined) return parser.fail();
  if (!atEnd) lexer.read();
  parser.require('delimiter', ')');
  lexer.read();
  return { kind: 'number', value: BigInt(size), text: String(size) };
}

/** `REC->f`, standing on REC. The size of an array is not known. */
function sizeOfField(parser: ArgumentParser): number | undefined {
  const { lexer } = parser;
  lexer.read();
  parser.require('operator', '->');
  lexer.readInLine();
  const field = lexer.type === 'word' ? parser.find(lexer.token) : undefined;
  return field?.isArray ? undefined : field?.size;
}
