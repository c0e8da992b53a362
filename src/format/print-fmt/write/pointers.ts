import { utf8 } from '../../../base/byte-writer.ts';
import { U64 } from '../../../base/u64.ts';
import type { PrintEnvironment } from '../../environment.ts';
import { evaluator } from '../evaluate/evaluate.ts';
import { type Evaluator, wideOnly } from '../evaluate/evaluator.ts';
import { locate } from '../evaluate/locate.ts';
import type { PackedArgument } from '../packed.ts';
import { argumentType } from '../parse/argument-type.ts';
import type { Expression } from '../parse/ast.ts';
import { bytesWriter, hexBytesWriter, type Layout, sockaddrWriter } from './addresses.ts';
import { callText } from './calls.ts';
import { functionWriter, writeHex } from './functions.ts';
import { nothing, type PieceWriter, textWriter } from './piece-writer.ts';

const NIL = utf8('(nil)');

/** A pointer of a trace_printk. What it pointed to may be in the record, as text. */
function packedWriter(form: string, argument: PackedArgument, raw: boolean, env: PrintEnvironment): PieceWriter {
  const value = wideOnly((_record, into) => into.set(argument.value.hi, argument.value.lo));
  const writer = addressOrFunction(form, value, raw, env) ?? textWriter('ARG TYPE NOT FIELD BUT 1');
  return (out, record) => {
    if (argument.isText) out.slice(record.bytes, argument.start, argument.end);
    else writer(out, record);
  };
}

/** Makes a `%p` conversion ready; `form` is what follows the `p`. `raw` is for the fields of `report -R`. */
export function pointerWriter(
  form: string,
  argument: Expression,
  star: Evaluator | undefined,
  raw: boolean,
  env: PrintEnvironment,
): PieceWriter {
  if (argument.kind === 'packed') return packedWriter(form, argument.argument, raw, env);
  const simple = addressOrFunction(form, evaluator(argument, env), raw, env);
  if (simple !== undefined) return simple;
  const kind = form[0] as string;
  if ('Ii'.includes(kind) && !'46S'.includes(form[1] ?? '-')) return nothing;
  if (argument.kind === 'call') return callText(argument.name, argument.args, env) ?? nothing;
  if (kind === 'h') return hexBytesWriter(form, argument, star, env);
  const inner = withoutCasts(argument);
  if (form[1] === 'S') return sockaddrWriter(form, inner, env);
  const layout = layoutOf(form, env.littleEndian);
  if (inner.kind === 'missing-field') return nothing;
  if (inner.kind !== 'field') return textWriter(`ARG TYPE NOT FIELD BUT ${argumentType(inner)}`);
  if (inner.field.size !== layout.size) return textWriter(layout.otherwise);
  const place = locate(inner, env.littleEndian);
  return place === undefined ? nothing : bytesWriter(layout, place);
}

function addressOrFunction(
  form: string,
  value: Evaluator,
  raw: boolean,
  env: PrintEnvironment,
): PieceWriter | undefined {
  if (form === '') return addressWriter(value);
  if (!'FfSs'.includes(form)) return undefined;
  return functionWriter(value, form === 'F' || form === 'S', raw && env.version !== '3.1', env);
}

function withoutCasts(expression: Expression): Expression {
  let inner = expression;
  while (inner.kind === 'cast') inner = inner.value;
  return inner;
}

/** A plain `%p`. */
function addressWriter(value: Evaluator): PieceWriter {
  const register = new U64();
  return (out, record) => {
    value.wide(record, register);
    if ((register.hi | register.lo) === 0) out.bytes(NIL);
    else writeHex(out, register.hi, register.lo);
  };
}

/** The bytes of the addresses that have a size of their own, and how they are written. */
function layoutOf(form: string, littleEndian: boolean): Layout {
  switch (form[0]) {
    case 'M':
    case 'm':
      return macLayout(form);
    case 'U':
      return uuidLayout(form[1] ?? '');
    default:
      return form[1] === '4' ? ipv4Layout(form, littleEndian) : ipv6Layout(form);
  }
}

const ORDER_6 = [0, 1, 2, 3, 4, 5];
const MAC = { size: 6, otherwise: 'INVALIDMAC', style: 'bytes', upperCase: false } as const;

function macLayout(form: string): Layout {
  const order = form[1] === 'R' ? [...ORDER_6].reverse() : ORDER_6;
  const separator = form[0] === 'm' ? '' : form[1] === 'F' ? '-' : ':';
  return { ...MAC, order, separators: Array<string>(5).fill(separator) };
}

const ORDER_16 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15];
const GUID_ORDER = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15];

function uuidLayout(variant: string): Layout {
  return {
    ...{ size: 16, otherwise: 'INVALIDUUID', style: 'bytes', upperCase: variant === 'L' || variant === 'B' },
    order: variant === 'L' || variant === 'l' ? GUID_ORDER : ORDER_16,
    separators: ORDER_16.slice(1).map((index) => ([4, 6, 8, 10].includes(index) ? '-' : '')),
  };
}

function ipv4Layout(form: string, littleEndian: boolean): Layout {
  const reversed = form[2] === 'l' || (form[2] === 'h' && littleEndian);
  const style = form[0] === 'i' ? 'ipv4-filled' : 'ipv4';
  const order = reversed ? [3, 2, 1, 0] : [0, 1, 2, 3];
  return { size: 4, otherwise: 'INVALIDIPv4', style, upperCase: false, order, separators: [] };
}

function ipv6Layout(form: string): Layout {
  const separator = form[0] === 'I' ? ':' : '';
  return {
    ...{ size: 16, otherwise: 'INVALIDIPv6', upperCase: false, order: ORDER_16 },
    style: form === 'I6c' ? 'ipv6-short' : 'bytes',
    separators: ORDER_16.slice(1).map((index) => (index % 2 === 0 ? separator : '')),
  };
}
