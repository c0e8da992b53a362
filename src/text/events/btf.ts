import { TandemError } from '../../base/errors.ts';

/** The kinds of types that a parameter's value and declaration depend on, by their number in BTF. */
export const KIND = {
  ...{ int: 1, pointer: 2, struct: 4, union: 5, enum: 6, typedef: 8, volatile: 9, const: 10, restrict: 11 },
  ...{ function: 12, prototype: 13, typeTag: 18 },
} as const;

/** Names of all kinds, by number. */
export const KIND_NAMES: readonly string[] = [
  ...['UNKNOWN', 'INT', 'PTR', 'ARRAY', 'STRUCT', 'UNION', 'ENUM', 'FWD', 'TYPEDEF', 'VOLATILE', 'CONST'],
  ...['RESTRICT', 'FUNC', 'FUNC_PROTO', 'VAR', 'DATASEC', 'FLOAT', 'DECL_TAG', 'TYPE_TAG', 'ENUM64'],
];
/** Bytes after a type's own 12: a fixed number of them, by kind, ... */
const FIXED_TRAILER = [0, 4, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 0, 4, 0, 0];
/** ... and so many for each of its members. */
const MEMBER_SIZE = [0, 0, 0, 0, 12, 12, 8, 0, 0, 0, 0, 0, 0, 8, 0, 12, 0, 0, 0, 12];
/** TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG: such a type is the one it refers to. */
const TRANSPARENT: readonly number[] = [8, 9, 10, 11, 18];

const MAGIC = 0xeb9f;
const HEADER_SIZE = 24;
const TYPE_SIZE = 12;
const SIGNED = 1 << 24;

export interface BtfParameter {
  readonly name: string;
  /** Number of its type; 0 is void. */
  readonly type: number;
}

export interface BtfType {
  readonly kind: number;
  /** Bytes, for the kinds that have a size. */
  readonly size: number;
  /** Of an integer. */
  readonly bits: number;
  readonly signed: boolean;
}

/** A type as it stands in its declaration. */
export interface BtfDeclaredType {
  readonly kind: number;
  readonly name: string;
  /** Of a pointer, typedef or qualifier: the number of the type that it refers to; 0 is void. */
  readonly type: number;
  /** Of an integer. */
  readonly bits: number;
  readonly signed: boolean;
}

/**
 * The kernel's BTF as far as parameters of functions need it. Layout: the kernel's Documentation/bpf/btf.rst.
 */
export class Btf {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  readonly #stringsAt: number;
  readonly #stringsEnd: number;
  /** Offset of each type, by its number; numbers count from 1. */
  readonly #types: number[] = [0];
  /** Number of each function's type, by the function's name. */
  readonly #functions = new Map<string, number>();

  /** `bytes` is the whole blob. Throws CORRUPT, naming `subject`, when it is none or damaged. */
  constructor(bytes: Uint8Array, littleEndian: boolean, subject: string) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = littleEndian;
    if (bytes.length < HEADER_SIZE || this.#view.getUint16(0, littleEndian) !== MAGIC)
      throw new TandemError('CORRUPT', subject, 'does not begin as BTF does');
    const start = this.#u32(4);
    const typesAt = start + this.#u32(8);
    const typesEnd = typesAt + this.#u32(12);
    this.#stringsAt = start + this.#u32(16);
    this.#stringsEnd = this.#stringsAt + this.#u32(20);
    const needed = Math.max(typesEnd, this.#stringsEnd);
    if (needed > bytes.length)
      throw new TandemError('CORRUPT', subject, `BTF of ${bytes.length} bytes says that it has ${needed}`);
    this.#index(typesAt, typesEnd, subject);
  }

  #index(typesAt: number, typesEnd: number, subject: string): void {
    for (let at = typesAt; at < typesEnd; ) {
      const kind = at + TYPE_SIZE <= typesEnd ? this.#kindAt(at) : -1;
      const fixed = FIXED_TRAILER[kind];
      if (fixed === undefined)
        throw new TandemError('CORRUPT', subject, `BTF type ${this.#types.length} at offset ${at} is of no known kind`);
      if (kind === KIND.function) this.#functions.set(this.#string(this.#u32(at)), this.#u32(at + 8));
      this.#types.push(at);
      at += TYPE_SIZE + fixed + (MEMBER_SIZE[kind] as number) * this.#memberCount(at);
      if (at > typesEnd)
        throw new TandemError('CORRUPT', subject, `BTF type ${this.#types.length - 1} reaches past the types' end`);
    }
  }

  /** The parameters of a function; undefined when no function has that name. */
  parametersOf(name: string): readonly BtfParameter[] | undefined {
    const at = this.#types[this.#functions.get(name) ?? 0];
    if (!at || this.#kindAt(at) !== KIND.prototype) return undefined;
    return Array.from({ length: this.#memberCount(at) }, (_, i) => ({
      name: this.#string(this.#u32(at + TYPE_SIZE + 8 * i)),
      type: this.#u32(at + TYPE_SIZE + 8 * i + 4),
    }));
  }

  /** As `parametersOf`; a part that the compiler split off (`name.part.0`) has the parameters of the whole. */
  parametersOfSymbol(name: string): readonly BtfParameter[] | undefined {
    const dot = name.indexOf('.');
    return this.parametersOf(name) ?? (dot < 0 ? undefined : this.parametersOf(name.slice(0, dot)));
  }

  /** A type by number as it is declared; undefined for void and numbers of no type. */
  declared(number: number): BtfDeclaredType | undefined {
    const at = this.#types[number];
    if (!at) return undefined;
    const kind = this.#kindAt(at);
    const { bits, signed } = this.#integerAt(at, kind);
    return { kind, name: this.#string(this.#u32(at)), type: this.#u32(at + 8), bits, signed };
  }

  /** A type by number, seen through typedefs and qualifiers; undefined for void and numbers of no type. */
  type(number: number): BtfType | undefined {
    let at = this.#types[number];
    for (let steps = 0; at && TRANSPARENT.includes(this.#kindAt(at)); steps++) {
      if (steps > this.#types.length) return undefined;
      at = this.#types[this.#u32(at + 8)];
    }
    if (!at) return undefined;
    const kind = this.#kindAt(at);
    return { kind, size: this.#u32(at + 8), ...this.#integerAt(at, kind) };
  }

  #integerAt(at: number, kind: number): { bits: number; signed: boolean } {
    const encoding = kind === KIND.int ? this.#u32(at + TYPE_SIZE) : 0;
    return { bits: encoding & 0xff, signed: (encoding & SIGNED) !== 0 };
  }

  #u32(at: number): number {
    return this.#view.getUint32(at, this.#littleEndian);
  }

  #kindAt(at: number): number {
    return (this.#u32(at + 4) >>> 24) & 0x1f;
  }

  #memberCount(at: number): number {
    return this.#u32(at + 4) & 0xffff;
  }

  #string(offset: number): string {
    let text = '';
    for (let at = this.#stringsAt + offset; at < this.#stringsEnd; at++) {
      const code = this.#view.getUint8(at);
      if (code === 0) break;
      text += String.fromCharCode(code);
    }
    return text;
  }
}
