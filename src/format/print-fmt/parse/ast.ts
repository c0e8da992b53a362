import type { Field } from '../../field.ts';
import type { PackedArgument } from '../packed.ts';

/** An argument of a print format, or a part of one. All arithmetic is unsigned 64-bit, as in trace-cmd. */
export type Expression =
  /** `value` is unsigned; `text` is how it is written. */
  | { readonly kind: 'number'; readonly value: bigint; readonly text: string }
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'field'; readonly field: Field }
  /** A field that the event does not have: 0, or no text at all. */
  | { readonly kind: 'missing-field'; readonly name: string }
  /** A bare word that is neither a field nor a constant: looked up in kallsyms, else 0. */
  | { readonly kind: 'symbol'; readonly name: string }
  | { readonly kind: 'cast'; readonly type: CastType; readonly value: Expression }
  | { readonly kind: 'unary'; readonly operator: UnaryOperator; readonly value: Expression }
  | {
      readonly kind: 'binary';
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
    }
  | {
      readonly kind: 'ternary';
      readonly condition: Expression;
      readonly whenTrue: Expression;
      readonly whenFalse: Expression;
    }
  | { readonly kind: 'index'; readonly array: Expression; readonly index: Expression }
  | {
      readonly kind: 'flags';
      readonly value: Expression;
      readonly delimiter: string;
      readonly names: readonly NamedValue[];
    }
  | { readonly kind: 'symbolic'; readonly value: Expression; readonly names: readonly NamedValue[] }
  | { readonly kind: 'hex'; readonly array: Expression; readonly length: Expression; readonly separated: boolean }
  | {
      readonly kind: 'array';
      readonly array: Expression;
      readonly count: Expression;
      readonly elementSize: Expression;
    }
  /** `__print_dynamic_array(f, size)`: as `array`, over all of a dynamic array. */
  | { readonly kind: 'dynamic-items'; readonly field: Field; readonly elementSize: Expression }
  /** `__get_str(f)`: the text of a dynamic array. */
  | { readonly kind: 'dynamic-string'; readonly field: Field }
  /** `__get_dynamic_array(f)`, `__get_sockaddr(f)`: its bytes. */
  | { readonly kind: 'dynamic-array'; readonly field: Field }
  | { readonly kind: 'dynamic-array-length'; readonly field: Field }
  /** `__get_bitmask(f)`: hex words; `__get_cpumask(f)`: a list of CPUs. */
  | { readonly kind: 'bitmask'; readonly field: Field; readonly asList: boolean }
  /** An argument that the record of a trace_printk brings along. */
  | { readonly kind: 'packed'; readonly argument: PackedArgument }
  /** `__get_stacktrace(f)`: functions, one per line. */
  | { readonly kind: 'stacktrace'; readonly field: Field }
  /** A function of the kernel that is known by name (jiffies_to_msecs, ...). */
  | { readonly kind: 'call'; readonly name: string; readonly args: readonly Expression[] };

export interface NamedValue {
  readonly value: Expression;
  readonly name: string;
}

/** A cast keeps the lower `size` bytes; it never extends a sign. */
export interface CastType {
  readonly text: string;
  readonly size: 1 | 2 | 4 | 8;
  /** Bytes of what the type points to, where its text ends in `*`. */
  readonly pointedSize: 1 | 2 | 4 | 8 | undefined;
}

export type UnaryOperator = '!' | '~' | '-' | '+';

export type BinaryOperator =
  | ('+' | '-' | '*' | '/' | '%' | '<<' | '>>')
  | ('&' | '|' | '^' | '&&' | '||')
  | ('<' | '<=' | '>' | '>=' | '==' | '!=');

/** `print fmt: "..." , args`, parsed: the literal with its conversions, and one expression per argument. */
export interface PrintFormat {
  /** ftrace:bprint: the record itself brings the address of the format and the arguments for it. */
  readonly isPacked: boolean;
  readonly literal: string;
  readonly args: readonly Expression[];
}
